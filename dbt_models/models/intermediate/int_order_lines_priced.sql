with lines as (
    select * from {{ ref('stg_lake__order_lines') }}
),

products as (
    select * from {{ ref('stg_lake__products') }}
)

-- A till that writes no amounts is priced from the product list; what a till wrote stands.
select
    lines.source,
    lines.location_id,
    lines.order_id,
    lines.line_id,
    lines.line_number,
    lines.check_id,
    lines.ordered_at,
    lines.ordered_local_at,
    lines.business_date,
    lines.product_id,
    coalesce(lines.product_name, products.product_name) as product_name,
    coalesce(lines.category, products.category) as category,
    lines.quantity,
    case when lines.net_amount is null then products.list_price_amount else lines.unit_price end as unit_price,
    lines.gross_amount,
    lines.discount_amount,
    coalesce(
        lines.net_amount, cast(lines.quantity * products.list_price_amount as decimal(18, 4))
    ) as net_amount,
    lines.tax_amount,
    lines.kind,
    lines.channel,
    lines.campaign_id,
    lines.return_reason,
    lines.refunds_order_id,
    lines.currency
from lines
left join products
    on case when lines.net_amount is null then lines.product_id end = products.product_id
