with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

people as (
    select customer_id
    from {{ ref('stg_lake__golden_records') }}
    where account_kind not in ('staff', 'test')
),

spending as (
    select * from {{ ref('int_customer_spending_compared') }}
),

silences as (
    select * from {{ ref('int_silences_judged') }}
),

evidence as (
    select * from {{ ref('int_evidence_weighed') }}
),

classes as (
    select * from {{ ref('int_customers_classified') }}
),

last_classes as (
    select * from {{ ref('int_customers_once_valued') }}
),

complaints as (
    select
        cases.customer_id,
        max(cases.opened_on) as complained_on
    from {{ ref('int_cases_attributed') }} as cases
    where cases.kind = 'complaint' and cases.is_open
    group by cases.customer_id
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
        spending.has_capture_drop,
        silences.silence_days,
        silences.usual_gap_days,
        silences.is_lapsed,
        silences.is_lapsing,
        silences.is_recent,
        evidence.evidence_p,
        classes.abc_class,
        last_classes.abc_class as last_abc_class,
        coalesce(evidence.evidence_p < parameters.churn_evidence, false) as has_evidence,
        coalesce(last_classes.abc_class = 'A' and silences.silence_days <= parameters.churn_lost_valued_days, false)
            as is_worth_winning_back,
        coalesce(
            {{ days_between('complaints.complained_on', 'parameters.as_of_date') }}
            <= parameters.churn_complaint_lost_days,
            false
        ) as has_complaint,
        parameters.churn_declining_ratio,
        parameters.churn_critical_ratio
    from spending
    inner join people
        on spending.customer_id = people.customer_id
    inner join silences
        on spending.customer_id = silences.customer_id
    cross join parameters
    left join evidence
        on spending.customer_id = evidence.customer_id
    left join classes
        on spending.customer_id = classes.customer_id
    left join last_classes
        on spending.customer_id = last_classes.customer_id
    left join complaints
        on spending.customer_id = complaints.customer_id
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
