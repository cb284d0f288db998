with landed as (
    select * from {{ source('lake', 'households') }}
)

select
    customer_id,
    household_id
from landed
