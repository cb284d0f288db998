with orders as (
    select * from {{ ref('fct_orders') }}
),

-- A new till brings new customer ids, so each till of a location has a beginning of its own.
starts as (
    select
        source,
        location_id,
        min(business_date) as data_start_date
    from orders
    group by source, location_id
),

ranked as (
    select
        orders.customer_id,
        orders.business_date,
        starts.data_start_date,
        row_number() over (
            partition by orders.customer_id
            order by orders.ordered_at nulls last, orders.order_key nulls last
        ) as order_rank
    from orders
    inner join starts
        on
            orders.source = starts.source
            and orders.location_id = starts.location_id
    where orders.customer_id is not null
)

select
    customer_id,
    {{ days_between('data_start_date', 'business_date') }} <= 180 as is_known_since_data_began
from ranked
where order_rank = 1
