with landed as (
    select * from {{ source('lake', 'engagement') }}
)

select
    landed.clean_contact as contact,
    landed.contact_kind,
    landed.event,
    landed.at as happened_at,
    landed.event_local_at as happened_local_at,
    landed.campaign_id,
    landed.topic,
    landed.destination
from landed
