with landed as (
    select * from {{ source('lake', 'order_records') }}
)

select
    source,
    location_id,
    order_id,
    record_key,
    customer_id,
    is_contact,
    is_payer
from landed
