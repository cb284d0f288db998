with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

receipts as (
    select * from {{ ref('int_receipts_joined') }}
),

refunds as (
    select * from {{ ref('int_refunds_booked') }}
),

payments as (
    select * from {{ ref('int_payments_summed') }}
),

customers as (
    select * from {{ ref('int_order_customers_found') }}
),

-- What a payment gives back is the same share of net and of tax: of what was paid, else of what was due.
given_back as (
    select
        receipts.*,
        refunds.tax_amount as refunded_tax_amount,
        payments.tip_amount as paid_tip_amount,
        coalesce(receipts.net_amount, 0) + coalesce(receipts.refund_amount, 0) as sold_amount,
        coalesce(receipts.refund_amount, 0) + coalesce(refunds.refund_amount, 0) as line_refund_amount,
        greatest(least(coalesce({{ ratio(
            'payments.refunded_amount',
            'coalesce(nullif(payments.paid_amount, 0), receipts.net_amount + coalesce(receipts.tax_amount, 0))'
        ) }}, 0), 1), 0) as refunded_share
    from receipts
    left join refunds
        on
            receipts.source = refunds.source
            and receipts.location_id = refunds.location_id
            and receipts.order_id = refunds.order_id
    left join payments
        on
            receipts.source = payments.source
            and receipts.location_id = payments.location_id
            and receipts.order_id = payments.order_id
),

shared as (
    select
        *,
        cast(sold_amount * refunded_share as decimal(18, 4)) as paid_back_amount
    from given_back
),

-- A refund told by a line and by a payment is one refund.
refunded as (
    select
        *,
        greatest(paid_back_amount, line_refund_amount) as all_refund_amount,
        case
            when paid_back_amount > line_refund_amount
                then cast(coalesce(tax_amount, 0) * (1 - refunded_share) as decimal(18, 4))
            else coalesce(tax_amount, 0) + coalesce(refunded_tax_amount, 0)
        end as kept_tax_amount
    from shared
)

select
    refunded.source,
    refunded.location_id,
    refunded.order_id,
    customers.customer_id,
    refunded.ordered_at,
    refunded.ordered_local_at,
    refunded.business_date,
    refunded.channel,
    refunded.campaign_id,
    parameters.as_of_date,
    refunded.sold_amount - refunded.all_refund_amount as net_amount,
    coalesce(refunded.gross_amount, 0) as gross_amount,
    coalesce(refunded.discount_amount, 0) as discount_amount,
    refunded.all_refund_amount as refund_amount,
    refunded.kept_tax_amount as tax_amount,
    coalesce(refunded.tip_amount, refunded.paid_tip_amount, 0) as tip_amount,
    coalesce(refunded.fee_amount, 0) as fee_amount,
    coalesce(refunded.void_amount, 0) as void_amount,
    coalesce(refunded.gross_amount, 0) = 0
    and refunded.sold_amount - refunded.all_refund_amount < 0 as is_refund_only,
    refunded.is_void_only,
    md5(concat_ws('|', refunded.source, refunded.location_id, refunded.order_id)) as order_key
from refunded
cross join parameters
left join customers
    on
        refunded.source = customers.source
        and refunded.location_id = customers.location_id
        and refunded.order_id = customers.order_id
