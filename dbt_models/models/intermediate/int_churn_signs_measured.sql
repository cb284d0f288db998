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
)

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
