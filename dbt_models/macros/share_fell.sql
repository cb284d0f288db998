{# Whether a share has fallen by a quarter, and not by chance: a dozen of all now would have been of the kind, and two
   shares are a hundred times likelier than one (likelihood ratio of two binomials, Wilks 1938). The shares may be
   weighted, by amount; of_kind and total count. #}
{% macro share_fell(share, of_kind, total, usual_share, usual_of_kind, usual_total) -%}
    {{ share }} <= 0.75 * {{ usual_share }}
    and {{ of_kind }} * {{ usual_total }} < {{ usual_of_kind }} * {{ total }}
    and {{ usual_of_kind }} * {{ total }} >= 12 * {{ usual_total }}
    and {{ times_log(of_kind) }} + {{ times_log(total ~ ' - ' ~ of_kind) }} - {{ times_log(total) }}
    + {{ times_log(usual_of_kind) }} + {{ times_log(usual_total ~ ' - ' ~ usual_of_kind) }}
    - {{ times_log(usual_total) }}
    - {{ times_log(of_kind ~ ' + ' ~ usual_of_kind) }}
    - {{ times_log(total ~ ' + ' ~ usual_total ~ ' - ' ~ of_kind ~ ' - ' ~ usual_of_kind) }}
    + {{ times_log(total ~ ' + ' ~ usual_total) }} >= ln(100)
{%- endmacro %}

{% macro times_log(n) -%}
    case when {{ n }} > 0 then ({{ n }}) * ln({{ n }}) else 0 end
{%- endmacro %}
