with orders as (
    select * from {{ ref('fct_orders') }}
),

-- A refund that names no order reduces money, never the number of visits; a voided receipt was no order.
location_days as (
    select
        customer_id,
        business_date as visit_date,
        location_id,
        as_of_date,
        sum(net_amount) as net_amount,
        count(*) as orders,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        min(ordered_local_at) as first_ordered_local_at
    from orders
    where customer_id is not null and not is_refund_only and not is_void_only
    group by customer_id, business_date, location_id, as_of_date
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, visit_date
            order by net_amount desc nulls last, location_id asc nulls last
        ) as location_rank
    from location_days
),

days as (
    select
        customer_id,
        visit_date,
        as_of_date,
        max(location_id) filter (where location_rank = 1) as location_id,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        min(first_ordered_at) as first_ordered_at,
        max(last_ordered_at) as last_ordered_at,
        min(first_ordered_local_at) as first_ordered_local_at
    from ranked
    group by customer_id, visit_date, as_of_date
    having sum(net_amount) > 0
)

select
    *,
    row_number() over (partition by customer_id order by visit_date nulls last) as visit_number,
    {{ days_between('lag(visit_date) over (partition by customer_id order by visit_date nulls last)', 'visit_date') }}
        as gap_days
from days
