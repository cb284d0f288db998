with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

signals as (
    select * from {{ ref('int_churn_signals_raised') }}
    where alert_type = 'lost_valued'
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

last_years as (
    select * from {{ ref('int_customers_once_valued') }}
),

customers as (
    select * from {{ ref('int_customers_described') }}
),

cases as (
    select
        *,
        row_number() over (
            partition by customer_id order by opened_at desc nulls last, case_id desc nulls last
        ) as newest_rank
    from {{ ref('int_cases_attributed') }}
),

ranked as (
    select
        signals.customer_id,
        signals.home_location_id,
        visited.last_visit_date,
        signals.silence_days,
        last_years.net_amount,
        rank() over (order by last_years.net_amount desc nulls last) as place
    from signals
    inner join visited
        on signals.customer_id = visited.customer_id
    inner join last_years
        on signals.customer_id = last_years.customer_id
)

select
    cast(ranked.place as bigint) as place,
    ranked.customer_id,
    ranked.home_location_id,
    ranked.last_visit_date as last_visit_on,
    cast(ranked.silence_days as bigint) as silence_days,
    cast(ranked.net_amount as decimal(18, 4)) as last_12m_net_amount,
    cases.opened_at as last_case_at,
    cases.kind as last_case_kind,
    cases.is_open as is_last_case_open,
    customers.is_email_marketable,
    customers.is_sms_marketable,
    customers.marketable_reason,
    parameters.as_of_date
from ranked
cross join parameters
inner join customers
    on ranked.customer_id = customers.customer_id
left join cases
    on
        ranked.customer_id = cases.customer_id
        and cases.newest_rank = 1
