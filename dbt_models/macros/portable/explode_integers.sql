{# One row per whole number from first to last, both included; stands alone in a select list. #}
{% macro explode_integers(first_number, last_number) -%}
    {{ return(adapter.dispatch('explode_integers')(first_number, last_number)) }}
{%- endmacro %}

{% macro default__explode_integers(first_number, last_number) -%}
    unnest(generate_series(cast({{ first_number }} as bigint), cast({{ last_number }} as bigint)))
{%- endmacro %}

{% macro spark__explode_integers(first_number, last_number) -%}
    explode(sequence(cast({{ first_number }} as bigint), cast({{ last_number }} as bigint)))
{%- endmacro %}
