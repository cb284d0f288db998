{# Conditions are the network's own, held to plain expressions over the row before dbt sees them. #}
{% set audiences = var('audiences', []) %}
with profiles as (
    select * from {{ ref('sync_email_profiles') }}
),

golden as (
    select * from {{ ref('golden_records') }}
),

summaries as (
    select * from {{ ref('customer_360') }}
),

people as (
    select
        summaries.*,
        profiles.email,
        extract(month from golden.birth_date) as birth_month
    from summaries
    inner join profiles
        on summaries.customer_id = profiles.customer_id
    inner join golden
        on summaries.customer_id = golden.customer_id
),

members as (
    {% for audience in audiences if audience.condition %}
    select
        '{{ audience.name }}' as audience,
        customer_id,
        email
    from people
    where (
        {{ audience.condition }}
    )
    union all
    {% endfor %}
    select
        cast(null as string) as audience,
        customer_id,
        email
    from people
    where 1 = 0
)

select
    audience,
    customer_id,
    email
from members
