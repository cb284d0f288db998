with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

customers as (
    select
        customer_id,
        greatest(data_through_date, last_visit_date) as known_through_date
    from {{ ref('int_customers_visited') }}
),

followed as (
    select
        visits.customer_id,
        visits.visit_number,
        lead(visits.gap_days) over (
            partition by visits.customer_id order by visits.visit_number nulls last
        ) as next_gap_days,
        {{ days_between('visits.visit_date', 'customers.known_through_date') }} as days_known
    from visits
    inner join customers
        on visits.customer_id = customers.customer_id
),

-- Only visits of 180 days ago or more can tell whether none came within 180 days.
counted as (
    select
        visit_number,
        count(*) as reached,
        count(*) filter (where days_known >= 180) as observed,
        count(*) filter (where days_known >= 180 and coalesce(next_gap_days > 180, true)) as dropped
    from followed
    group by visit_number
),

hazards as (
    select
        *,
        case when observed >= 20 then {{ ratio('dropped', 'observed') }} end as hazard
    from counted
),

compared as (
    select
        *,
        lag(hazard) over (order by visit_number nulls last) as hazard_before,
        lead(hazard) over (order by visit_number nulls last) as hazard_after,
        avg(hazard) over () as mean_hazard
    from hazards
)

select
    cast(compared.visit_number as bigint) as visit_number,
    compared.reached,
    compared.observed,
    compared.hazard,
    coalesce(
        compared.hazard > compared.hazard_before
        and compared.hazard > compared.hazard_after
        and compared.hazard > compared.mean_hazard,
        false
    ) as is_critical_point,
    parameters.as_of_date
from compared
cross join parameters
