with landed as (
    select * from {{ source('lake', 'planned_changes') }}
)

select
    location_id,
    starts_on,
    ends_on,
    what,
    reason
from landed
