with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

locations as (
    select * from {{ ref('int_locations_listed') }}
),

visited as (
    select
        visits.customer_id,
        visits.location_id,
        count(*) filter (where visits.visit_date > {{ add_days('parameters.as_of_date', -365) }}) as visits_last_year,
        max(visits.visit_date) as last_visit_date
    from visits
    cross join parameters
    group by visits.customer_id, visits.location_id
),

ranked as (
    select
        *,
        count(*) over (partition by customer_id) as distinct_locations,
        row_number() over (
            partition by customer_id
            order by visits_last_year desc nulls last, last_visit_date desc nulls last, location_id asc nulls last
        ) as location_rank
    from visited
)

select
    ranked.customer_id,
    ranked.location_id as home_location_id,
    ranked.distinct_locations,
    -- What has not arrived yet is unknown: silence is counted to here and no further.
    coalesce(locations.data_through_date, locations.as_of_date) as data_through_date
from ranked
inner join locations
    on ranked.location_id = locations.location_id
where ranked.location_rank = 1
