with types as (
    select * from {{ ref('churn_alert_types') }}
),

measured as (
    select * from {{ ref('int_churn_signs_measured') }}
),

-- Where capture dropped, customers are not seen rather than gone: the location has the problem, not they.
named as (
    select
        *,
        case
            when is_lapsed and is_worth_winning_back then 'lost_valued'
            when is_lapsed and is_recent then 'lapsed'
            when is_lapsing and is_recent and not is_lapsed then 'lapsing'
            when is_lapsing then null
            when has_evidence and spend_ratio < churn_critical_ratio then 'critical'
            when has_evidence and spend_ratio <= churn_declining_ratio then 'declining'
        end as alert_type
    from measured
    where not has_capture_drop
    union all
    select
        *,
        'valued_complainer' as alert_type
    from measured
    where has_complaint and abc_class in ('A', 'B')
    union all
    select
        *,
        'growing' as alert_type
    from measured
    where has_evidence and spend_ratio >= 1.5 and not is_lapsing and not has_capture_drop
)

select
    named.customer_id,
    named.home_location_id,
    named.alert_type,
    types.track,
    types.gravity,
    types.due_days,
    types.is_held_out,
    named.usual_amount,
    named.recent_amount,
    named.spend_ratio,
    named.evidence_p,
    named.silence_days,
    named.usual_gap_days,
    case case when types.is_lapse then named.last_abc_class else named.abc_class end
        when 'A' then 3
        when 'B' then 2
        else 1
    end as severity
from named
inner join types
    on named.alert_type = types.alert_type
