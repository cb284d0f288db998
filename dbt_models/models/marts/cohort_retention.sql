with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

customers as (
    select
        customer_id,
        try_cast(date_trunc('month', first_visit_date) as date) as cohort_month
    from {{ ref('int_customers_visited') }}
),

activity as (
    select
        customer_id,
        try_cast(date_trunc('month', visit_date) as date) as activity_month,
        1 as is_active,
        cast(0 as decimal(38, 4)) as net_amount
    from {{ ref('int_visits_counted') }}
    group by customer_id, date_trunc('month', visit_date)
    union all
    select
        customer_id,
        try_cast(date_trunc('month', business_date) as date) as activity_month,
        0 as is_active,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    where customer_id is not null
    group by customer_id, date_trunc('month', business_date)
),

sizes as (
    select
        cohort_month,
        count(*) as cohort_customers
    from customers
    group by cohort_month
),

-- Every cohort has a row for every month since, also for one in which nobody came.
grid as (
    select
        sizes.cohort_month,
        sizes.cohort_customers,
        {{ explode_integers(
            0,
            '(extract(year from parameters.as_of_date) - extract(year from sizes.cohort_month)) * 12
                + extract(month from parameters.as_of_date) - extract(month from sizes.cohort_month)'
        ) }} as month_number
    from sizes
    cross join parameters
),

summed as (
    select
        customers.cohort_month,
        (extract(year from activity.activity_month) - extract(year from customers.cohort_month)) * 12
        + extract(month from activity.activity_month) - extract(month from customers.cohort_month) as month_number,
        sum(activity.is_active) as active_customers,
        sum(activity.net_amount) as net_amount
    from customers
    inner join activity
        on customers.customer_id = activity.customer_id
    group by all
)

select
    grid.cohort_month,
    cast(grid.month_number as integer) as month_number,
    cast(grid.cohort_customers as bigint) as cohort_customers,
    cast(coalesce(summed.active_customers, 0) as bigint) as active_customers,
    {{ ratio('coalesce(summed.active_customers, 0)', 'grid.cohort_customers') }} as retained_share,
    cast(coalesce(summed.net_amount, 0) as decimal(18, 4)) as net_amount,
    parameters.as_of_date
from grid
cross join parameters
left join summed
    on
        grid.cohort_month = summed.cohort_month
        and grid.month_number = summed.month_number
