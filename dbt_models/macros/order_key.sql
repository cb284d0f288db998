{# The key of an order across sources: till, location and the till's own number. #}
{% macro order_key(order_id='order_id') -%}
    md5(concat_ws('|', source, location_id, {{ order_id }}))
{%- endmacro %}
