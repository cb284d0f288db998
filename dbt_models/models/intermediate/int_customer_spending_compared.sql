with windows as (
    select * from {{ ref('int_customer_windows_opened') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

levels as (
    select * from {{ ref('int_location_levels_compared') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

spent as (
    select
        windows.customer_id,
        count(*) filter (where visits.visit_date <= windows.recent_start) as baseline_visits,
        count(*) filter (where visits.visit_date > windows.recent_start) as recent_visits,
        sum(visits.net_amount) filter (where visits.visit_date <= windows.recent_start) as baseline_amount,
        sum(visits.net_amount) filter (where visits.visit_date > windows.recent_start) as recent_amount
    from windows
    inner join visits
        on
            windows.customer_id = visits.customer_id
            and windows.baseline_start < visits.visit_date
    group by windows.customer_id
),

compared as (
    select
        windows.customer_id,
        windows.home_location_id,
        windows.data_through_date,
        windows.baseline_exposure,
        windows.recent_exposure,
        windows.silence_days,
        levels.level_index,
        coalesce(levels.has_capture_drop, false) as has_capture_drop,
        coalesce(spent.baseline_visits, 0) as baseline_visits,
        coalesce(spent.recent_visits, 0) as recent_visits,
        coalesce(spent.recent_amount, 0) as recent_amount,
        case
            when windows.baseline_exposure >= 180 and spent.baseline_visits >= parameters.churn_min_visits
                then {{ ratio(
                    'spent.baseline_amount * windows.recent_exposure',
                    'windows.baseline_exposure * levels.level_index'
                ) }}
        end as usual_amount
    from windows
    cross join parameters
    left join levels
        on windows.home_location_id = levels.location_id
    left join spent
        on windows.customer_id = spent.customer_id
)

select
    customer_id,
    home_location_id,
    data_through_date,
    baseline_exposure,
    recent_exposure,
    silence_days,
    level_index,
    has_capture_drop,
    baseline_visits,
    recent_visits,
    recent_amount,
    usual_amount,
    case when usual_amount > 0 then {{ ratio('recent_amount', 'usual_amount') }} end as spend_ratio
from compared
