with landed as (
    select * from {{ source('lake', 'order_lines') }}
)

select
    source_system as source,
    location_id,
    order_id,
    line_id,
    line_number,
    check_id,
    ordered_at,
    event_local_at as ordered_local_at,
    business_date,
    coalesce(product_id, product_name) as product_id,
    product_name,
    category,
    quantity,
    unit_price,
    gross_amount,
    discount_amount,
    net_amount,
    tax_amount,
    kind,
    channel,
    campaign_id,
    return_reason,
    refunds_order_id,
    currency
from landed
