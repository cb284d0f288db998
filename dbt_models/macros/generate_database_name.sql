{# Only DuckDB attaches files as databases; elsewhere the schema alone tells the layers apart. #}
{% macro generate_database_name(custom_database_name, node) -%}
    {{ custom_database_name | trim if custom_database_name and target.type == 'duckdb' else target.database }}
{%- endmacro %}
