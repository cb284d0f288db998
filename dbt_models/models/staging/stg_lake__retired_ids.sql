with landed as (
    select * from {{ source('lake', 'retired_ids') }}
)

select
    customer_id,
    living_customer_id
from landed
