with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

summed_lines as (
    select * from {{ ref('int_orders_summed') }}
),

headers as (
    select * from {{ ref('int_order_headers_summed') }}
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
),

customers as (
    select * from {{ ref('stg_lake__order_records') }}
),

-- Receipts without lines count by their header; lines, where there are any, know better than the header.
receipts as (
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
        headers.tip_amount
    from summed_lines
    full outer join headers
        on
            summed_lines.source = headers.source
            and summed_lines.location_id = headers.location_id
            and summed_lines.order_id = headers.order_id
    where coalesce(summed_lines.own_lines, 1) > 0
)

select
    receipts.source,
    receipts.location_id,
    receipts.order_id,
    customers.customer_id,
    receipts.ordered_at,
    receipts.ordered_local_at,
    receipts.business_date,
    receipts.channel,
    receipts.campaign_id,
    parameters.as_of_date,
    coalesce(receipts.net_amount, 0) - coalesce(refunds.refund_amount, 0) as net_amount,
    coalesce(receipts.gross_amount, 0) as gross_amount,
    coalesce(receipts.discount_amount, 0) as discount_amount,
    coalesce(receipts.refund_amount, 0) + coalesce(refunds.refund_amount, 0) as refund_amount,
    coalesce(receipts.tax_amount, 0) + coalesce(refunds.tax_amount, 0) as tax_amount,
    coalesce(receipts.tip_amount, 0) as tip_amount,
    coalesce(receipts.fee_amount, 0) as fee_amount,
    coalesce(receipts.void_amount, 0) as void_amount,
    coalesce(receipts.gross_amount, 0) = 0 and coalesce(receipts.net_amount, 0) < 0 as is_refund_only,
    md5(concat_ws('|', receipts.source, receipts.location_id, receipts.order_id)) as order_key
from receipts
cross join parameters
left join refunds
    on
        receipts.source = refunds.source
        and receipts.location_id = refunds.location_id
        and receipts.order_id = refunds.order_id
left join customers
    on
        receipts.source = customers.source
        and receipts.location_id = customers.location_id
        and receipts.order_id = customers.order_id
