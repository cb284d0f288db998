with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

calendar as (
    select distinct last_day(date_day) as month_end
    from (
        select {{ explode_dates('first_date', 'as_of_date') }} as date_day
        from (
            select
                min(orders.business_date) as first_date,
                max(parameters.as_of_date) as as_of_date
            from orders
            cross join parameters
        ) as span
        where first_date is not null
    ) as days
),

orders_by_month as (
    select
        last_day(business_date) as month_end,
        min(business_date) as first_date,
        sum(
            {{ row_fingerprint('customer_id, location_id, business_date, net_amount, is_refund_only') }}
        ) filter (where customer_id is not null) as orders_fingerprint
    from orders
    group by last_day(business_date)
),

-- A month-end hangs on all orders before it; the sums run on, so that a changed order changes every later month too.
running as (
    select
        calendar.month_end,
        sum(orders_by_month.orders_fingerprint) over (order by calendar.month_end nulls last) as orders_fingerprint,
        min(orders_by_month.first_date) over () as first_date
    from calendar
    left join orders_by_month
        on calendar.month_end = orders_by_month.month_end
)

-- The first month is full only when the data begins on its first day.
select
    running.month_end,
    running.orders_fingerprint,
    row_number() over (order by running.month_end nulls last) as month_number
from running
cross join parameters
where
    running.month_end <= parameters.as_of_date
    and try_cast(date_trunc('month', running.month_end) as date) >= running.first_date
