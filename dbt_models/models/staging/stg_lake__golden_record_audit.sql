with landed as (
    select * from {{ source('lake', 'golden_record_audit') }}
)

select
    customer_id,
    field,
    rule,
    source_record_key,
    losers
from landed
