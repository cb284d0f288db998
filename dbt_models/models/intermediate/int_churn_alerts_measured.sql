with alerts as (
    select * from {{ ref('int_churn_alerts_recalled') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

spending as (
    select * from {{ ref('int_customer_spending_compared') }}
),

complainers as (
    select distinct customer_id
    from {{ ref('int_cases_attributed') }}
    where kind = 'complaint' and is_open
),

returns as (
    select
        alerts.alert_id,
        min(visits.visit_date) as first_date,
        count(*) filter (where visits.location_id = alerts.location_id) as visits_here
    from alerts
    inner join visits
        on
            alerts.customer_id = visits.customer_id
            and alerts.silent_since < visits.visit_date
    group by alerts.alert_id
)

select
    alerts.alert_id,
    returns.first_date is not null as has_returned,
    coalesce(returns.visits_here = 0, false) as is_elsewhere,
    spending.home_location_id <> alerts.location_id as has_new_home,
    complainers.customer_id is not null as is_complaining,
    coalesce(spending.has_capture_drop, false) as has_capture_drop,
    spending.spend_ratio as ratio_now,
    {{ days_between('alerts.opened_on', 'spending.data_through_date') }} as days_open,
    -- A lapse ends with a visit; of spending, only tonight's ratio is known.
    case
        when alerts.is_lapse then {{ days_between('alerts.opened_on', 'returns.first_date') }}
        when returns.first_date is not null and spending.spend_ratio > 0.80
            then {{ days_between('alerts.opened_on', 'spending.data_through_date') }}
    end as days_to_return
from alerts
left join returns
    on alerts.alert_id = returns.alert_id
left join complainers
    on alerts.customer_id = complainers.customer_id
left join spending
    on alerts.customer_id = spending.customer_id
