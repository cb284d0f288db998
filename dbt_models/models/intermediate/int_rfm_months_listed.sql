with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

homes as (
    select * from {{ ref('int_home_locations_chosen') }}
),

segments as (
    select * from {{ ref('int_rfm_segments_chosen') }}
),

previous as (
    select * from {{ ref('stg_lake__previous_rfm_months') }}
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
),

-- From the third full month on: the first month is full only when the data begins on its first day.
full_months as (
    select
        running.*,
        row_number() over (order by running.month_end nulls last) as month_number
    from running
    cross join parameters
    where
        running.month_end <= parameters.as_of_date
        and try_cast(date_trunc('month', running.month_end) as date) >= running.first_date
),

-- Where a home location's data ends before the month does, recency is counted to there.
behind as (
    select
        full_months.month_end,
        sum({{ row_fingerprint('homes.customer_id, homes.data_through_date') }}) as homes_fingerprint
    from full_months
    inner join homes
        on full_months.month_end > homes.data_through_date
    group by full_months.month_end
),

rules as (
    select
        concat_ws(
            '|',
            parameters.rfm_method,
            coalesce(cast(parameters.rfm_window_days as string), ''),
            {% for name in ['recency_days', 'frequency', 'monetary'] -%}
            {% for number in [1, 2, 3, 4] -%}
            coalesce(cast(parameters.rfm_{{ name }}_{{ number }} as string), ''),
            {% endfor %}{% endfor -%}
            cast(map_fingerprint.fingerprint as string)
        ) as rules
    from parameters
    cross join (
        select sum({{ row_fingerprint('r_score, f_score, rfm_segment, segment_rank') }}) as fingerprint
        from segments
    ) as map_fingerprint
),

months as (
    select
        full_months.month_end,
        full_months.month_number,
        md5(concat_ws(
            '|',
            rules.rules,
            cast(full_months.orders_fingerprint as string),
            coalesce(cast(behind.homes_fingerprint as string), '')
        )) as fingerprint
    from full_months
    cross join rules
    left join behind
        on full_months.month_end = behind.month_end
    where full_months.month_number >= 3
)

select
    months.month_end,
    months.fingerprint,
    lag(months.month_end) over (order by months.month_end nulls last) as previous_month_end,
    previous.month_end is not null as is_kept,
    lag(previous.month_end is not null) over (order by months.month_end nulls last) as is_previous_kept
from months
left join previous
    on
        months.month_end = previous.month_end
        and months.fingerprint = previous.fingerprint
