with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

people as (
    select customer_id
    from {{ ref('stg_lake__golden_records') }}
    where account_kind not in ('staff', 'test')
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

spending as (
    select * from {{ ref('int_customer_spending_compared') }}
),

evidence as (
    select * from {{ ref('int_shortfalls_weighed') }}
),

network as (
    select * from {{ ref('int_gaps_measured') }}
),

types as (
    select * from {{ ref('churn_alert_types') }}
),

measured as (
    select
        spending.customer_id,
        spending.home_location_id,
        spending.usual_amount,
        spending.recent_amount,
        spending.spend_ratio,
        spending.silence_days,
        evidence.evidence_p,
        visited.visits,
        network.warn_factor,
        network.lapse_factor,
        -- Shrunk to the network's mean gap with the weight of two gaps.
        {{ ratio('coalesce(visited.gap_days, 0) + 2 * network.mean_gap_days', 'visited.gaps + 2') }} as usual_gap_days
    from spending
    inner join people
        on spending.customer_id = people.customer_id
    inner join visited
        on spending.customer_id = visited.customer_id
    left join evidence
        on spending.customer_id = evidence.customer_id
    cross join network
    -- Where capture dropped, customers are not seen rather than gone: the location has the problem, not they.
    where not spending.has_capture_drop
),

judged as (
    select
        measured.*,
        measured.visits >= parameters.churn_min_visits
        and measured.silence_days >= parameters.churn_lapse_min_days as may_lapse,
        measured.evidence_p < parameters.churn_evidence as has_evidence,
        parameters.churn_declining_ratio,
        parameters.churn_critical_ratio
    from measured
    cross join parameters
),

named as (
    select
        *,
        case
            when may_lapse and silence_days > usual_gap_days * lapse_factor then 'lapsed'
            when may_lapse and silence_days > usual_gap_days * warn_factor then 'lapsing'
            when has_evidence and spend_ratio < churn_critical_ratio then 'critical'
            when has_evidence and spend_ratio <= churn_declining_ratio then 'declining'
        end as alert_type
    from judged
)

select
    named.customer_id,
    named.home_location_id,
    named.alert_type,
    types.gravity,
    types.due_days,
    named.usual_amount,
    named.recent_amount,
    named.spend_ratio,
    named.evidence_p,
    named.silence_days,
    named.usual_gap_days
from named
inner join types
    on named.alert_type = types.alert_type
