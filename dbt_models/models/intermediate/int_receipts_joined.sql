with summed_lines as (
    select * from {{ ref('int_orders_summed') }}
),

headers as (
    select * from {{ ref('int_order_headers_summed') }}
)

-- Receipts without lines count by their header; lines, where there are any, know better than the header.
select
    coalesce(summed_lines.source, headers.source) as source,
    coalesce(summed_lines.location_id, headers.location_id) as location_id,
    coalesce(summed_lines.order_id, headers.order_id) as order_id,
    coalesce(summed_lines.ordered_at, headers.ordered_at) as ordered_at,
    coalesce(summed_lines.ordered_local_at, headers.ordered_local_at) as ordered_local_at,
    coalesce(summed_lines.business_date, headers.business_date) as business_date,
    coalesce(headers.channel, summed_lines.channel) as channel,
    coalesce(headers.campaign_id, summed_lines.campaign_id) as campaign_id,
    case when summed_lines.order_id is null then headers.net_amount else summed_lines.net_amount end as net_amount,
    case
        when summed_lines.order_id is null then greatest(headers.net_amount, 0) else summed_lines.gross_amount
    end as gross_amount,
    case
        when summed_lines.order_id is null then -least(headers.net_amount, 0) else summed_lines.refund_amount
    end as refund_amount,
    summed_lines.discount_amount,
    summed_lines.tax_amount,
    summed_lines.fee_amount,
    summed_lines.void_amount,
    coalesce(summed_lines.is_void_only, false) as is_void_only,
    headers.tip_amount
from summed_lines
full outer join headers
    on
        summed_lines.source = headers.source
        and summed_lines.location_id = headers.location_id
        and summed_lines.order_id = headers.order_id
where coalesce(summed_lines.own_lines, 1) > 0
