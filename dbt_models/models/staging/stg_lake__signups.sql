with landed as (
    select * from {{ source('lake', 'signups') }}
)

select
    source_system as source,
    signup_id,
    location_id,
    signed_up_at,
    event_local_at as signed_up_local_at,
    campaign_id
from landed
