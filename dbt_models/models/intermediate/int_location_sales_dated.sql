with orders as (
    select * from {{ ref('fct_orders') }}
    where not is_refund_only and not is_void_only
)

select
    location_id,
    business_date,
    count(*) as orders,
    count(customer_id) as identified_orders,
    sum(net_amount) as net_amount,
    sum(net_amount) filter (where customer_id is not null) as identified_amount
from orders
group by location_id, business_date
