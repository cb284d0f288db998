with visited as (
    select * from {{ ref('int_customers_visited') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where customer_id is not null
),

classes as (
    select * from {{ ref('int_customers_classified') }}
),

bounds as (
    select
        min(net_12m_amount) filter (where abc_class = 'A') as elite_from,
        min(net_12m_amount) filter (where abc_class in ('A', 'B') and net_12m_amount > 0) as core_from
    from classes
),

-- The twelve months that ended with the last visit, by what makes an elite customer today.
last_years as (
    select
        visited.customer_id,
        sum(orders.net_amount) as net_amount
    from visited
    inner join orders
        on
            visited.customer_id = orders.customer_id
            and visited.last_visit_date >= orders.business_date
            and orders.business_date > {{ add_days('visited.last_visit_date', -365) }}
    group by visited.customer_id
)

select
    last_years.customer_id,
    last_years.net_amount,
    case
        when bounds.elite_from is null then null
        when last_years.net_amount >= bounds.elite_from then 'A'
        when last_years.net_amount >= bounds.core_from then 'B'
        else 'C'
    end as abc_class
from last_years
cross join bounds
