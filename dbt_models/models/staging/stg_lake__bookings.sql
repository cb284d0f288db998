with landed as (
    select * from {{ source('lake', 'bookings') }}
)

select
    landed.booking_id,
    landed.location_id,
    landed.booked_at,
    landed.event_local_at as booked_local_at,
    landed.for_at,
    landed.party_size,
    landed.amount,
    landed.status,
    landed.clean_contact as contact,
    landed.contact_kind
from landed
