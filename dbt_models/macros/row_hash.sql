{# What a destination compares to see whether a row changed; an empty column keeps its place. #}
{% macro row_hash(columns) -%}
    md5(concat_ws('|',
    {%- for column in columns %} coalesce(cast({{ column }} as string), ''){{ ',' if not loop.last }}{% endfor %}))
{%- endmacro %}
