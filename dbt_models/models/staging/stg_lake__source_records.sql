with landed as (
    select * from {{ source('lake', 'source_records') }}
)

select
    record_key,
    source,
    location_id,
    source_record_id,
    account_kind,
    is_prospect_record,
    first_seen_date,
    last_seen_date
from landed
