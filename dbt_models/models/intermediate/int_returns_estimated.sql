with summaries as (
    select * from {{ ref('int_visits_summarised') }}
),

customers as (
    select * from {{ ref('int_customers_visited') }}
),

data_starts as (
    select * from {{ ref('int_data_starts_found') }}
),

second_visits as (
    select
        customer_id,
        gap_days
    from {{ ref('int_visits_counted') }}
    where visit_number = 2
),

-- Whoever has not come back is known to be away for as long as the data tells.
durations as (
    select
        customers.customer_id,
        customers.first_location_id,
        try_cast(date_trunc('quarter', customers.first_visit_date) as date) as cohort_quarter,
        coalesce(second_visits.gap_days, summaries.t_age) as days,
        case when second_visits.customer_id is null then 0 else 1 end as has_returned,
        case when data_starts.is_known_since_data_began then 1 else 0 end as is_known
    from customers
    inner join summaries
        on customers.customer_id = summaries.customer_id
    left join data_starts
        on customers.customer_id = data_starts.customer_id
    left join second_visits
        on customers.customer_id = second_visits.customer_id
),

scoped as (
    select
        'network' as scope,
        cohort_quarter,
        days,
        has_returned,
        is_known
    from durations
    union all
    select
        first_location_id as scope,
        cohort_quarter,
        days,
        has_returned,
        is_known
    from durations
),

steps as (
    select
        scope,
        cohort_quarter,
        days,
        count(*) as leaving,
        sum(has_returned) as came_back,
        sum(is_known) as known
    from scoped
    group by scope, cohort_quarter, days
),

at_risk as (
    select
        *,
        sum(leaving) over (partition by scope, cohort_quarter order by days desc nulls last) as still_at_risk,
        sum(leaving) over (partition by scope, cohort_quarter) as customers,
        {{ ratio(
            'sum(known) over (partition by scope, cohort_quarter)',
            'sum(leaving) over (partition by scope, cohort_quarter)'
        ) }} as known_since_data_began_share
    from steps
)

-- Kaplan & Meier (1958); the variance of ln(share)'s logarithm is Greenwood's sum, infinite once nobody is left.
select
    scope,
    cohort_quarter,
    days,
    leaving,
    came_back,
    customers,
    known_since_data_began_share,
    case
        when max(case when came_back = still_at_risk then 1 else 0 end) over curve = 1 then 0
        else exp(sum(case
            when came_back < still_at_risk then ln(1 - {{ ratio('came_back', 'still_at_risk') }})
        end) over curve)
    end as share_away,
    sum({{ ratio('came_back', 'still_at_risk * (still_at_risk - came_back)') }}) over curve as variance
from at_risk
window curve as (partition by scope, cohort_quarter order by days nulls last)
