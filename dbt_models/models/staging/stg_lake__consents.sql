with landed as (
    select * from {{ source('lake', 'consents') }}
)

select
    landed.contact,
    landed.channel,
    landed.state as consent_state,
    landed.at as stated_at,
    landed.basis as consent_basis,
    landed.wording_version
from landed
