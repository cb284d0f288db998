with landed as (
    select * from {{ source('lake', 'answers') }}
)

select
    landed.clean_contact as contact,
    landed.contact_kind,
    landed.question,
    landed.answer,
    landed.asked_at,
    landed.event_local_at as asked_local_at,
    landed.outcome
from landed
