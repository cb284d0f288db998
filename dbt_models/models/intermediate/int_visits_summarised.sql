with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

customers as (
    select * from {{ ref('int_customers_visited') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

summed as (
    select * from {{ ref('int_customers_summed') }}
),

-- The holdout is the last third of the data's span, half a year at most.
spans as (
    select
        as_of_date,
        least(180, cast(floor({{ ratio('span_days', 3) }}) as integer)) as longest_holdout_days
    from (
        select
            parameters.as_of_date,
            coalesce(max({{ days_between('customers.first_visit_date', 'parameters.as_of_date') }}), 0) as span_days
        from parameters
        left join customers
            on true
        group by parameters.as_of_date
    ) as spanned
),

-- Time runs to the last day that has arrived: missing data is never called churn.
windows as (
    select
        customers.customer_id,
        customers.home_location_id,
        customers.visits,
        customers.first_visit_date,
        customers.last_visit_date,
        least(
            greatest(customers.data_through_date, customers.last_visit_date), spans.as_of_date
        ) as known_through_date,
        {{ add_days('spans.as_of_date', '-spans.longest_holdout_days') }} as held_date,
        {{ add_days('spans.as_of_date', -365) }} as year_start
    from customers
    cross join spans
),

counted as (
    select
        windows.customer_id,
        count(*) filter (where visits.visit_date <= windows.held_date) as held_visits,
        max(visits.visit_date) filter (where visits.visit_date <= windows.held_date) as held_last_date,
        count(*) filter (where visits.visit_date > windows.held_date) as holdout_visits,
        count(*) filter (where visits.visit_date > windows.year_start) as visits_365d,
        sum(visits.net_amount) as visit_amount
    from windows
    inner join visits
        on windows.customer_id = visits.customer_id
    group by windows.customer_id
)

select
    windows.customer_id,
    windows.home_location_id,
    windows.visits - 1 as x,
    {{ days_between('windows.first_visit_date', 'windows.last_visit_date') }} as t_x,
    {{ days_between('windows.first_visit_date', 'windows.known_through_date') }} as t_age,
    counted.held_visits - 1 as held_x,
    coalesce({{ days_between('windows.first_visit_date', 'counted.held_last_date') }}, 0) as held_t_x,
    greatest({{ days_between('windows.first_visit_date', 'windows.held_date') }}, 0) as held_t_age,
    greatest({{ days_between('windows.held_date', 'windows.known_through_date') }}, 0) as holdout_days,
    counted.holdout_visits,
    counted.visits_365d,
    cast(counted.visit_amount as double) as visit_amount,
    {{ ratio('counted.visit_amount', 'windows.visits') }} as mean_amount,
    cast(summed.net_amount as double) as net_amount,
    cast(coalesce(summed.net_12m_amount, 0) as double) as net_365d_amount
from windows
inner join counted
    on windows.customer_id = counted.customer_id
inner join summed
    on windows.customer_id = summed.customer_id
