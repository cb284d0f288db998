with orders as (
    select * from {{ ref('fct_orders') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

bounds as (
    select
        parameters.as_of_date,
        least(coalesce(min(orders.business_date), parameters.as_of_date), parameters.as_of_date) as first_date
    from parameters
    left join orders
        on parameters.as_of_date >= orders.business_date
    group by parameters.as_of_date
),

days as (
    select
        {{ explode_dates('first_date', 'as_of_date') }} as date_day,
        as_of_date
    from bounds
)

select
    date_day,
    cast(extract(year from date_day) as integer) as calendar_year,
    cast(extract(quarter from date_day) as integer) as calendar_quarter,
    cast(extract(month from date_day) as integer) as calendar_month,
    cast(extract(day from date_day) as integer) as day_of_month,
    {{ iso_weekday('date_day') }} as iso_weekday,
    try_cast(date_trunc('month', date_day) as date) as month_start_date,
    date_day = last_day(date_day) as is_month_end,
    as_of_date
from days
