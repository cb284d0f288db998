with landed as (
    select * from {{ source('lake', 'arrival') }}
)

select
    location_id,
    data_through_date
from landed
