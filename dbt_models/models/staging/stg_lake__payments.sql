with landed as (
    select * from {{ source('lake', 'payments') }}
)

select
    source_system as source,
    location_id,
    payment_id,
    order_id,
    check_id,
    paid_at,
    event_local_at as paid_local_at,
    amount,
    tip_amount,
    refunded_amount,
    refunded_at,
    payment_type
from landed
