with lines as (
    select
        *,
        coalesce(refunded_order_id, order_id) = order_id as is_own
    from {{ ref('fct_order_lines') }}
)

select
    source,
    location_id,
    order_id,
    min(ordered_at) as ordered_at,
    min(ordered_local_at) as ordered_local_at,
    min(business_date) as business_date,
    max(channel) as channel,
    max(campaign_id) as campaign_id,
    sum(net_amount) filter (where kind in ('sale', 'refund') and is_own) as net_amount,
    sum(gross_amount) filter (where kind = 'sale') as gross_amount,
    sum(discount_amount) filter (where kind = 'sale') as discount_amount,
    -sum(net_amount) filter (where kind = 'refund' and is_own) as refund_amount,
    sum(tax_amount) filter (where kind in ('sale', 'refund') and is_own) as tax_amount,
    sum(net_amount) filter (where kind = 'fee') as fee_amount,
    sum(net_amount) filter (where kind = 'void') as void_amount,
    count(*) filter (where is_own) as own_lines,
    count(*) filter (where is_own and kind <> 'void') = 0 and count(*) filter (where is_own) > 0 as is_void_only
from lines
group by source, location_id, order_id
