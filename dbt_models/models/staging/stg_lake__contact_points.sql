with landed as (
    select * from {{ source('lake', 'contact_points') }}
)

select
    customer_id,
    kind,
    value,
    validity,
    consent_state,
    consent_at,
    consent_basis,
    last_confirmed_on,
    first_seen_on,
    engaged_on,
    bounced_on,
    replaced_on,
    is_golden
from landed
