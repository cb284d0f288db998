with landed as (
    select * from {{ source('lake', 'customer_identities') }}
)

select
    record_key,
    source,
    location_id,
    source_record_id,
    customer_id,
    match_rule,
    match_probability,
    valid_from,
    valid_to
from landed
