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

returns as (
    select
        alerts.alert_id,
        count(*) as visits,
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
            partition by customer_id, outcome
            order by gravity desc nulls last, opened_on asc nulls last, alert_id asc nulls last
        ) as place
    from alerts
),

judged as (
    select
        ranked.*,
        returns.visits is not null as has_returned,
        case
            when ranked.outcome <> 'open' then ranked.outcome
            when ranked.place > 1 or signals.gravity > ranked.gravity then 'superseded'
            when returns.visits > 0 and returns.visits_here = 0 then 'moved'
            when returns.visits > 0 and (ranked.is_lapse or spending.spend_ratio > 0.80) then 'recovered'
            when {{ days_between('ranked.opened_on', 'spending.data_through_date') }} > 180 then 'lost'
            else 'open'
        end as outcome_now
    from ranked
    left join returns
        on ranked.alert_id = returns.alert_id
    left join spending
        on ranked.customer_id = spending.customer_id
    left join signals
        on ranked.customer_id = signals.customer_id
)

select
    alert_id,
    customer_id,
    location_id,
    alert_type,
    usual_amount,
    recent_amount,
    spend_ratio,
    evidence_p,
    silence_days,
    usual_gap_days,
    severity,
    opened_on,
    due_on,
    outcome_now as outcome,
    case when outcome_now <> 'open' then coalesce(closed_on, as_of_date) end as closed_on,
    has_returned,
    as_of_date
from judged
