with visits as (
    select * from {{ ref('int_visits_counted') }}
),

homes as (
    select * from {{ ref('int_home_locations_chosen') }}
),

locations as (
    select
        customer_id,
        visit_date,
        location_id
    from visits
),

summed as (
    select
        customer_id,
        count(*) as visits,
        min(visit_date) as first_visit_date,
        max(visit_date) as last_visit_date,
        min(first_ordered_at) as first_visit_at,
        max(last_ordered_at) as last_visit_at,
        count(gap_days) as gaps,
        sum(gap_days) as gap_days,
        median(cast(gap_days as double)) as median_days_between_visits
    from visits
    group by customer_id
)

select
    summed.*,
    homes.home_location_id,
    homes.distinct_locations,
    homes.data_through_date,
    first_visits.location_id as first_location_id,
    last_visits.location_id as last_location_id
from summed
inner join homes
    on summed.customer_id = homes.customer_id
inner join locations as first_visits
    on
        summed.customer_id = first_visits.customer_id
        and summed.first_visit_date = first_visits.visit_date
inner join locations as last_visits
    on
        summed.customer_id = last_visits.customer_id
        and summed.last_visit_date = last_visits.visit_date
