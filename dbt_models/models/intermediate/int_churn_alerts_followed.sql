with alerts as (
    select * from {{ ref('int_churn_alerts_recalled') }}
),

measures as (
    select * from {{ ref('int_churn_alerts_measured') }}
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

judged as (
    select
        ranked.*,
        actions.acted_at,
        measures.has_returned,
        case
            when ranked.outcome <> 'open' then ranked.outcome
            when ranked.place > 1 or signals.gravity > ranked.gravity then 'superseded'
            when ranked.track = 'complaint' and not measures.is_complaining then 'recovered'
            when ranked.track = 'complaint' and measures.days_open > parameters.churn_complaint_lost_days then 'lost'
            when ranked.track = 'complaint' then 'open'
            -- The location's own alert speaks for all of its customers.
            when measures.has_capture_drop then 'superseded'
            -- Growth that still holds after 60 days has been kept.
            when ranked.track = 'growth' and measures.ratio_now <= 0.80 then 'lost'
            when ranked.track = 'growth' and measures.days_open >= 60 then 'recovered'
            when ranked.track = 'growth' then 'open'
            when measures.is_elsewhere and (measures.days_to_return is not null or measures.has_new_home) then 'moved'
            when measures.days_to_return <= 180 then 'recovered'
            when measures.days_to_return > 180 or measures.days_open > 180 then 'lost'
            else 'open'
        end as outcome_now
    from ranked
    cross join parameters
    inner join measures
        on ranked.alert_id = measures.alert_id
    left join actions
        on ranked.alert_id = actions.alert_id
    left join signals
        on
            ranked.customer_id = signals.customer_id
            and ranked.track = signals.track
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
