with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

lines_with_id as (
    select * from {{ ref('int_order_lines_priced') }}
    where line_id is not null
),

lines_without_id as (
    select * from {{ ref('int_order_lines_priced') }}
    where line_id is null
),

refunds as (
    select * from {{ ref('int_refunds_matched') }}
),

-- Lines without an id are told apart by their place among the order's lines, which hangs on values only.
numbered as (
    select
        *,
        line_id as line_key
    from lines_with_id
    union all
    select
        *,
        concat_ws('|', 'copy', cast(row_number() over (
            partition by source, location_id, order_id
            order by
                line_number nulls last, ordered_at nulls last, check_id nulls last, kind nulls last,
                product_id nulls last, product_name nulls last, category nulls last, quantity nulls last,
                unit_price nulls last, gross_amount nulls last, discount_amount nulls last, net_amount nulls last,
                tax_amount nulls last, refunds_order_id nulls last, return_reason nulls last, channel nulls last,
                campaign_id nulls last
        ) as string)) as line_key
    from lines_without_id
)

select
    numbered.source,
    numbered.location_id,
    numbered.order_id,
    refunds.order_id as refunded_order_id,
    numbered.kind,
    numbered.ordered_at,
    numbered.ordered_local_at,
    numbered.business_date,
    numbered.product_id,
    numbered.product_name,
    numbered.category,
    numbered.quantity,
    numbered.unit_price,
    -- Tills disagree on the sign of discounts and refunds; here a discount is positive and a refund negative.
    abs(coalesce(numbered.discount_amount, 0)) as discount_amount,
    case
        when numbered.kind = 'refund' then -abs(numbered.net_amount) else numbered.net_amount
    end as net_amount,
    case
        when numbered.kind = 'refund'
            then -abs(
                coalesce(numbered.gross_amount, abs(numbered.net_amount) + abs(coalesce(numbered.discount_amount, 0)))
            )
        else coalesce(numbered.gross_amount, numbered.net_amount + abs(coalesce(numbered.discount_amount, 0)))
    end as gross_amount,
    numbered.tax_amount,
    numbered.channel,
    numbered.campaign_id,
    numbered.return_reason,
    numbered.currency,
    parameters.as_of_date,
    numbered.line_key
from numbered
inner join parameters
    on numbered.business_date <= parameters.as_of_date
-- A condition on the lines alone would keep DuckDB from hashing this join; in the key it costs nothing.
left join refunds
    on
        numbered.source = refunds.source
        and numbered.location_id = refunds.location_id
        and case when numbered.kind = 'refund' then numbered.refunds_order_id end = refunds.order_id
