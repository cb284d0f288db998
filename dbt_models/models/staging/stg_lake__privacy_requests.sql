with landed as (
    select * from {{ source('lake', 'privacy_requests') }}
)

select
    request_id,
    kind,
    clean_contact as contact,
    contact_kind,
    received_at
from landed
