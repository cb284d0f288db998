with locations as (
    select * from {{ ref('int_locations_listed') }}
),

levels as (
    select * from {{ ref('int_location_levels_compared') }}
)

select
    location_id,
    'capture_drop' as alert_type,
    fallen_share as identified_share,
    usual_share,
    null as days_late
from levels
where has_capture_drop
union all
-- As long without data as a closure would take to be one.
select
    locations.location_id,
    'late_data' as alert_type,
    null as identified_share,
    null as usual_share,
    {{ days_between('locations.data_through_date', 'locations.as_of_date') }} as days_late
from locations
where
    {{ days_between('locations.data_through_date', 'locations.as_of_date') }} >= 3
    and coalesce(locations.closed_on > locations.data_through_date, true)
