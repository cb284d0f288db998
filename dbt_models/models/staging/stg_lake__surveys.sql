with landed as (
    select * from {{ source('lake', 'surveys') }}
)

select
    response_id,
    kind,
    touchpoint,
    sent_at,
    answered_at,
    try_cast(event_local_at as date) as answered_on,
    order_id,
    location_id,
    clean_contact as contact,
    score
from landed
