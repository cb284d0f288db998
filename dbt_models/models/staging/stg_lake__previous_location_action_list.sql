with landed as (
    select * from {{ source('lake', 'previous_location_action_list') }}
)

select
    customer_id,
    alert_id,
    as_of_date
from landed
