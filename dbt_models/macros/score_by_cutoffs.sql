{# A score by the network's four fixed cut-offs: one more from each bound on, or one less beyond it where less is better. #}
{% macro score_by_cutoffs(measured, name, is_less_better=false) -%}
    {{ '5' if is_less_better else '1' }}
    {%- for number in [1, 2, 3, 4] %}
    {%- set bound = 'parameters.rfm_' ~ name ~ '_' ~ number %}
    {{ '- case when ' ~ measured ~ ' > ' if is_less_better else '+ case when ' ~ measured ~ ' >= ' }}{{ bound }} then 1 else 0 end
    {%- endfor -%}
{%- endmacro %}
