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
            partition by customer_id, outcome
            order by gravity desc nulls last, opened_on asc nulls last, alert_id asc nulls last
        ) as place
    from alerts
),

measured as (
    select
        ranked.*,
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
    left join returns
        on ranked.alert_id = returns.alert_id
    left join spending
        on ranked.customer_id = spending.customer_id
    left join signals
        on ranked.customer_id = signals.customer_id
),

judged as (
    select
        *,
        case
            when outcome <> 'open' then outcome
            when place > 1 or is_outweighed then 'superseded'
            when is_elsewhere and (days_to_return is not null or has_new_home) then 'moved'
            when days_to_return <= 180 then 'recovered'
            when days_to_return > 180 or days_open > 180 and not has_capture_drop then 'lost'
            else 'open'
        end as outcome_now
    from measured
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
