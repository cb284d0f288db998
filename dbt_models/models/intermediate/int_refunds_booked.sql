with lines as (
    select * from {{ ref('fct_order_lines') }}
)

select
    source,
    location_id,
    refunded_order_id as order_id,
    -sum(net_amount) as refund_amount,
    sum(tax_amount) as tax_amount
from lines
where refunded_order_id is not null and refunded_order_id <> order_id
group by source, location_id, refunded_order_id
