with landed as (
    select * from {{ source('lake', 'cases') }}
)

select
    case_id,
    location_id,
    clean_contact as contact,
    order_id,
    kind,
    severity,
    category,
    opened_at,
    try_cast(event_local_at as date) as opened_on,
    first_contact_resolved,
    answered_at,
    resolved_at,
    -- By the location's clock, as it was when the case was opened.
    try_cast(coalesce(resolved_at + (event_local_at - opened_at), resolved_at) as date) as resolved_on,
    resolution
from landed
