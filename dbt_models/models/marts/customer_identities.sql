with identities as (
    select * from {{ ref('stg_lake__customer_identities') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    identities.record_key,
    identities.source,
    identities.location_id,
    identities.source_record_id,
    identities.customer_id,
    identities.match_rule,
    identities.match_probability,
    identities.valid_from,
    {{ add_days('identities.valid_to', -1) }} as valid_to,
    parameters.as_of_date
from identities
cross join parameters
