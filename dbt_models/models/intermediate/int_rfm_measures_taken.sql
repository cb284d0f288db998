with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

orders as (
    select * from {{ ref('int_orders_assembled') }}
    where customer_id is not null
),

homes as (
    select * from {{ ref('int_home_locations_chosen') }}
),

frequencies as (
    select
        visits.customer_id,
        count(*) as frequency,
        max(visits.visit_date) as last_visit_date
    from visits
    cross join parameters
    where
        parameters.rfm_window_days is null
        or visits.visit_date > {{ add_days('parameters.as_of_date', '-parameters.rfm_window_days') }}
    group by visits.customer_id
),

spending as (
    select
        orders.customer_id,
        sum(orders.net_amount) as monetary_amount
    from orders
    cross join parameters
    where
        parameters.rfm_window_days is null
        or orders.business_date > {{ add_days('parameters.as_of_date', '-parameters.rfm_window_days') }}
    group by orders.customer_id
)

select
    frequencies.customer_id,
    greatest({{ days_between('frequencies.last_visit_date', 'homes.data_through_date') }}, 0) as recency_days,
    frequencies.frequency,
    cast(spending.monetary_amount as decimal(18, 4)) as monetary_amount,
    parameters.as_of_date
from frequencies
inner join spending
    on frequencies.customer_id = spending.customer_id
inner join homes
    on frequencies.customer_id = homes.customer_id
cross join parameters
