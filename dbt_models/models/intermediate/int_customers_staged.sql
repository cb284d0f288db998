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

alerts as (
    select
        customer_id,
        alert_type
    from followed
    where outcome = 'open'
    union all
    select
        customer_id,
        alert_type
    from opened
),

given_up as (
    select distinct customer_id
    from followed
    where outcome = 'lost' and not has_returned
)

select
    customers.customer_id,
    alerts.alert_type as churn_alert_type,
    case
        when visited.customer_id is null then 'prospect'
        when alerts.alert_type = 'lapsed' or given_up.customer_id is not null then 'lapsed'
        when alerts.alert_type is not null then 'slipping'
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
