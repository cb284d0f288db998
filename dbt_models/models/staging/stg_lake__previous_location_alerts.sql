with landed as (
    select * from {{ source('lake', 'previous_location_alerts') }}
)

select
    alert_id,
    location_id,
    alert_type,
    identified_share,
    usual_share,
    days_late,
    opened_on,
    outcome,
    closed_on
from landed
