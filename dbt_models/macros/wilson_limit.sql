{# One side of Wilson's 95% interval of a share p of n; nothing without any. Wilson 1927; z = 1.96. #}
{% macro wilson_limit(share, n, side) -%}
    {{ ratio(
        share ~ ' + ' ~ ratio('3.8416', '2 * ' ~ n) ~ ' ' ~ side ~ ' 1.96 * sqrt('
        ~ ratio(share ~ ' * (1 - ' ~ share ~ ')', n) ~ ' + ' ~ ratio('3.8416', '4 * ' ~ n ~ ' * ' ~ n) ~ ')',
        '1 + ' ~ ratio('3.8416', n)
    ) }}
{%- endmacro %}
