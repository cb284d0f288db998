with landed as (
    select * from {{ source('lake', 'actions') }}
)

select
    action_id,
    alert_id,
    customer_id,
    location_id,
    acted_at,
    try_cast(event_local_at as date) as acted_on,
    channel,
    result
from landed
