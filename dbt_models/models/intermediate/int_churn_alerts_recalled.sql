with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

alerts as (
    select * from {{ ref('stg_lake__previous_churn_alerts') }}
),

redirects as (
    select * from {{ ref('stg_lake__retired_ids') }}
),

customers as (
    select customer_id from {{ ref('stg_lake__golden_records') }}
),

types as (
    select * from {{ ref('churn_alert_types') }}
),

-- An alert follows its customer's id, also back out of a merge that was withdrawn.
opened as (
    select
        *,
        coalesce(opened_for_customer_id, customer_id) as opened_for
    from alerts
),

-- Every run of a day judges it anew, so that it replays: what was opened then or later is not known yet, and what was
-- closed then or later is open.
known as (
    select
        opened.*,
        coalesce(redirects.living_customer_id, opened.opened_for) as living_customer_id,
        parameters.as_of_date,
        coalesce(opened.closed_on >= parameters.as_of_date, true) as is_open
    from opened
    cross join parameters
    left join redirects
        on opened.opened_for = redirects.customer_id
    where opened.opened_on < parameters.as_of_date
)

select
    known.alert_id,
    known.living_customer_id as customer_id,
    known.opened_for as opened_for_customer_id,
    known.location_id,
    known.alert_type,
    types.track,
    types.gravity,
    types.is_lapse,
    known.usual_amount,
    known.recent_amount,
    known.spend_ratio,
    known.evidence_p,
    known.silence_days,
    known.usual_gap_days,
    known.p_alive,
    known.value_at_risk_amount,
    known.severity,
    known.opened_on,
    known.due_on,
    known.is_holdout,
    -- The customer was last seen before this day when the alert was opened.
    {{ add_days('known.opened_on', '-known.silence_days') }} as silent_since,
    case when known.is_open then 'open' else known.outcome end as outcome,
    case when not known.is_open then known.closed_on end as closed_on,
    known.as_of_date
from known
inner join customers
    on known.living_customer_id = customers.customer_id
inner join types
    on known.alert_type = types.alert_type
