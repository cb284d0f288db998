with followed as (
    select * from {{ ref('int_churn_alerts_followed') }}
),

opened as (
    select * from {{ ref('int_churn_alerts_opened') }}
),

alerts as (
    {%- set carried = [
        'alert_id', 'customer_id', 'location_id', 'alert_type', 'usual_amount', 'recent_amount', 'spend_ratio', 'evidence_p',
        'silence_days', 'usual_gap_days', 'p_alive', 'value_at_risk_amount', 'severity', 'opened_on', 'due_on', 'is_holdout',
        'opened_for_customer_id',
    ] %}
    select
        {{ carried | join(',\n        ') }},
        acted_at,
        outcome,
        closed_on,
        as_of_date
    from followed
    union all
    select
        {{ carried | join(',\n        ') }},
        null as acted_at,
        'open' as outcome,
        null as closed_on,
        opened_on as as_of_date
    from opened
)

select
    alert_id,
    customer_id,
    location_id,
    alert_type,
    cast(usual_amount as decimal(18, 4)) as usual_amount,
    cast(recent_amount as decimal(18, 4)) as recent_amount,
    spend_ratio,
    evidence_p,
    cast(silence_days as bigint) as silence_days,
    usual_gap_days,
    p_alive,
    cast(value_at_risk_amount as decimal(18, 4)) as value_at_risk_amount,
    severity,
    opened_on,
    due_on,
    is_holdout,
    opened_for_customer_id,
    acted_at,
    outcome,
    closed_on,
    as_of_date
from alerts
