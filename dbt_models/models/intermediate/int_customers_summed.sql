with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    orders.customer_id,
    count(*) filter (where not orders.is_refund_only and not orders.is_void_only) as orders,
    sum(orders.gross_amount) as gross_amount,
    sum(orders.refund_amount) as refund_amount,
    sum(orders.net_amount) as net_amount,
    sum(orders.net_amount) filter (
        where orders.business_date > {{ add_days('parameters.as_of_date', -365) }}
    ) as net_12m_amount
from orders
cross join parameters
where orders.customer_id is not null
group by orders.customer_id
