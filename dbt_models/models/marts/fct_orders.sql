with orders as (
    select * from {{ ref('int_orders_assembled') }}
)

select
    order_key,
    order_id,
    source,
    location_id,
    customer_id,
    ordered_at,
    ordered_local_at,
    business_date,
    cast(net_amount as decimal(18, 4)) as net_amount,
    cast(gross_amount as decimal(18, 4)) as gross_amount,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    cast(refund_amount as decimal(18, 4)) as refund_amount,
    cast(tax_amount as decimal(18, 4)) as tax_amount,
    cast(tip_amount as decimal(18, 4)) as tip_amount,
    cast(fee_amount as decimal(18, 4)) as fee_amount,
    cast(void_amount as decimal(18, 4)) as void_amount,
    is_refund_only,
    is_void_only,
    channel,
    campaign_id,
    as_of_date
from orders
