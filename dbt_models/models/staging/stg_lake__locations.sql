with landed as (
    select * from {{ source('lake', 'locations') }}
)

select
    location_id,
    name as location_name,
    franchisee_id,
    opened_on,
    closed_on,
    city,
    region,
    postal_code,
    country,
    timezone,
    currency,
    latitude,
    longitude,
    opening_hours_per_week,
    capacity_per_hour,
    peer_group
from landed
