with landed as (
    select * from {{ source('lake', 'signup_records') }}
)

select
    source,
    signup_id,
    record_key,
    customer_id
from landed
