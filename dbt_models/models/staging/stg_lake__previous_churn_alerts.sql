with landed as (
    select * from {{ source('lake', 'previous_churn_alerts') }}
)

select
    alert_id,
    customer_id,
    opened_for_customer_id,
    location_id,
    alert_type,
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
    -- Alerts of a night before holdouts were recorded were shown to everyone.
    coalesce(is_holdout, false) as is_holdout,
    acted_at,
    outcome,
    closed_on
from landed
