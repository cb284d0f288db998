with landed as (
    select * from {{ source('lake', 'orders') }}
)

select
    source_system as source,
    location_id,
    order_id,
    check_id,
    ordered_at,
    event_local_at as ordered_local_at,
    business_date,
    net_amount,
    tip_amount,
    total_amount,
    channel,
    campaign_id,
    guests
from landed
