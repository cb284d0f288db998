{# A whole number made of a row's columns, to be summed into the fingerprint of a set of rows. #}
{% macro row_fingerprint(columns) -%}
    {{ return(adapter.dispatch('row_fingerprint')(columns)) }}
{%- endmacro %}

{% macro default__row_fingerprint(columns) -%}
    cast(hash({{ columns }}) as decimal(38, 0))
{%- endmacro %}

{% macro spark__row_fingerprint(columns) -%}
    cast(xxhash64({{ columns }}) as decimal(38, 0))
{%- endmacro %}
