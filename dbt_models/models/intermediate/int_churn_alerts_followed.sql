with alerts as (
    select * from {{ ref('int_churn_alerts_recalled') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

spending as (
    select * from {{ ref('int_customer_spending_compared') }}
),

signals as (
    select * from {{ ref('int_churn_signals_raised') }}
),

actions as (
    select * from {{ ref('int_actions_matched') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
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
),

-- Two customers who became one may bring two open alerts: the graver stays.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, track, outcome
            order by gravity desc nulls last, opened_on asc nulls last, alert_id asc nulls last
        ) as place
    from alerts
),

measured as (
    select
        ranked.*,
        actions.acted_at,
        complainers.customer_id is not null as is_complaining,
        spending.spend_ratio as ratio_now,
        parameters.churn_complaint_lost_days,
        returns.first_date is not null as has_returned,
        coalesce(returns.visits_here = 0, false) as is_elsewhere,
        spending.home_location_id <> ranked.location_id as has_new_home,
        coalesce(spending.has_capture_drop, false) as has_capture_drop,
        coalesce(signals.gravity > ranked.gravity, false) as is_outweighed,
        {{ days_between('ranked.opened_on', 'spending.data_through_date') }} as days_open,
        -- A lapse ends with a visit; of spending, only tonight's ratio is known.
        case
            when ranked.is_lapse then {{ days_between('ranked.opened_on', 'returns.first_date') }}
            when returns.first_date is not null and spending.spend_ratio > 0.80
                then {{ days_between('ranked.opened_on', 'spending.data_through_date') }}
        end as days_to_return
    from ranked
    cross join parameters
    left join actions
        on ranked.alert_id = actions.alert_id
    left join complainers
        on ranked.customer_id = complainers.customer_id
    left join returns
        on ranked.alert_id = returns.alert_id
    left join spending
        on ranked.customer_id = spending.customer_id
    left join signals
        on
            ranked.customer_id = signals.customer_id
            and ranked.track = signals.track
),

judged as (
    select
        *,
        case
            when outcome <> 'open' then outcome
            when place > 1 or is_outweighed then 'superseded'
            when track = 'complaint' and not is_complaining then 'recovered'
            when track = 'complaint' and days_open > churn_complaint_lost_days then 'lost'
            when track = 'complaint' then 'open'
            -- The location's own alert speaks for all of its customers.
            when has_capture_drop then 'superseded'
            -- Growth that still holds after 60 days has been kept.
            when track = 'growth' and ratio_now <= 0.80 then 'lost'
            when track = 'growth' and days_open >= 60 then 'recovered'
            when track = 'growth' then 'open'
            when is_elsewhere and (days_to_return is not null or has_new_home) then 'moved'
            when days_to_return <= 180 then 'recovered'
            when days_to_return > 180 or days_open > 180 then 'lost'
            else 'open'
        end as outcome_now
    from measured
)

select
    alert_id,
    customer_id,
    opened_for_customer_id,
    location_id,
    alert_type,
    track,
    usual_amount,
    recent_amount,
    spend_ratio,
    evidence_p,
    silence_days,
    usual_gap_days,
    p_alive,
    value_at_risk_amount,
    severity,
    opened_on,
    due_on,
    is_holdout,
    acted_at,
    outcome_now as outcome,
    case when outcome_now <> 'open' then coalesce(closed_on, as_of_date) end as closed_on,
    has_returned,
    as_of_date
from judged
