with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

locations as (
    select * from {{ ref('stg_lake__locations') }}
),

arrival as (
    select * from {{ ref('stg_lake__arrival') }}
)

select
    locations.location_name,
    locations.franchisee_id,
    locations.opened_on,
    locations.closed_on,
    locations.city,
    locations.region,
    locations.postal_code,
    locations.country,
    locations.latitude,
    locations.longitude,
    locations.opening_hours_per_week,
    locations.capacity_per_hour,
    locations.peer_group,
    parameters.as_of_date,
    coalesce(locations.location_id, arrival.location_id) as location_id,
    coalesce(locations.timezone, parameters.network_timezone) as timezone,
    coalesce(locations.currency, parameters.network_currency) as currency,
    case
        when arrival.data_through_date is not null then least(arrival.data_through_date, parameters.as_of_date)
    end as data_through_date
from locations
full outer join arrival
    on locations.location_id = arrival.location_id
cross join parameters
