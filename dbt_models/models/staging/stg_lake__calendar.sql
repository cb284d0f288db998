with landed as (
    select * from {{ source('lake', 'calendar') }}
)

select
    landed.date as date_day,
    landed.location_id,
    landed.event,
    landed.is_closed
from landed
