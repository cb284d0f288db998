with locations as (
    select * from {{ ref('int_locations_listed') }}
)

select
    location_id,
    location_name,
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
    peer_group,
    data_through_date,
    as_of_date
from locations
