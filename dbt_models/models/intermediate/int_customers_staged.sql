with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

customers as (
    select * from {{ ref('stg_lake__golden_records') }}
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

data_starts as (
    select * from {{ ref('int_data_starts_found') }}
),

followed as (
    select * from {{ ref('int_churn_alerts_followed') }}
),

opened as (
    select * from {{ ref('int_churn_alerts_opened') }}
),

silences as (
    select * from {{ ref('int_silences_judged') }}
),

open_alerts as (
    select
        customer_id,
        alert_type,
        track
    from followed
    where outcome = 'open'
    union all
    select
        customer_id,
        alert_type,
        track
    from opened
),

alerts as (
    select
        customer_id,
        max(alert_type) filter (where track = 'slipping') as slipping_type,
        max(alert_type) filter (where track = 'complaint') as complaint_type,
        max(alert_type) filter (where track = 'growth') as growth_type
    from open_alerts
    group by customer_id
),

given_up as (
    select distinct customer_id
    from followed
    where track = 'slipping' and outcome = 'lost' and not has_returned
)

select
    customers.customer_id,
    coalesce(alerts.slipping_type, alerts.complaint_type, alerts.growth_type) as churn_alert_type,
    case
        when visited.customer_id is null then 'prospect'
        when
            alerts.slipping_type in ('lapsed', 'lost_valued') or given_up.customer_id is not null or silences.is_lapsed
            then 'lapsed'
        when alerts.slipping_type is not null then 'slipping'
        when
            not data_starts.is_known_since_data_began
            and visited.first_visit_date
            > {{ add_days('visited.data_through_date', '-parameters.churn_recent_days') }}
            then 'new'
        else 'active'
    end as relationship_stage
from customers
cross join parameters
left join visited
    on customers.customer_id = visited.customer_id
left join data_starts
    on customers.customer_id = data_starts.customer_id
left join alerts
    on customers.customer_id = alerts.customer_id
left join given_up
    on customers.customer_id = given_up.customer_id
left join silences
    on customers.customer_id = silences.customer_id
