with landed as (
    select * from {{ source('lake', 'customer_records') }}
)

select
    source,
    location_id,
    source_customer_id,
    customer_id
from landed
