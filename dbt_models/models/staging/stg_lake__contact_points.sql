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
    is_golden
from landed
