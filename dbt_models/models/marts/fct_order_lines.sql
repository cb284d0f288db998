with lines as (
    select * from {{ ref('int_order_lines_keyed') }}
)

select
    md5(concat_ws('|', source, location_id, order_id, line_key)) as order_line_key,
    {{ order_key() }} as order_key,
    source,
    location_id,
    order_id,
    kind,
    ordered_at,
    ordered_local_at,
    business_date,
    product_id,
    product_name,
    category,
    quantity,
    unit_price as unit_price_amount,
    gross_amount,
    discount_amount,
    net_amount,
    tax_amount,
    channel,
    campaign_id,
    return_reason,
    currency,
    refunded_order_id,
    case when refunded_order_id is not null then {{ order_key('refunded_order_id') }} end as refunded_order_key,
    as_of_date
from lines
