with customers as (
    select * from {{ ref('int_customers_described') }}
),

summed as (
    select * from {{ ref('int_customers_summed') }}
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

habits as (
    select * from {{ ref('int_habits_found') }}
),

favourites as (
    select * from {{ ref('int_favourites_found') }}
),

scores as (
    select * from {{ ref('rfm_scores') }}
),

classes as (
    select * from {{ ref('customer_value') }}
),

conversations as (
    select * from {{ ref('int_conversations_summed') }}
),

stages as (
    select * from {{ ref('int_customers_staged') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    customers.customer_id,
    visited.home_location_id,
    {{ days_between('visited.first_visit_date', 'parameters.as_of_date') }} as tenure_days,
    coalesce(visited.visits, 0) as visits,
    coalesce(summed.orders, 0) as lifetime_orders,
    cast(coalesce(summed.gross_amount, 0) as decimal(18, 4)) as lifetime_gross_amount,
    cast(coalesce(summed.refund_amount, 0) as decimal(18, 4)) as lifetime_refund_amount,
    cast(coalesce(summed.net_amount, 0) as decimal(18, 4)) as lifetime_net_amount,
    cast({{ ratio('summed.net_amount', 'summed.orders') }} as decimal(18, 4)) as average_order_amount,
    visited.median_days_between_visits,
    coalesce(visited.distinct_locations, 0) as distinct_locations,
    favourites.favourite_product_id,
    favourites.favourite_category,
    habits.usual_weekday,
    habits.usual_hour,
    customers.preferred_channel,
    customers.preferred_frequency,
    stages.relationship_stage,
    scores.rfm_segment,
    classes.abc_class,
    classes.p_alive,
    classes.predicted_net_365d_amount,
    stages.churn_alert_type,
    conversations.last_case_at,
    coalesce(conversations.open_cases, 0) as open_cases,
    conversations.last_survey_score,
    conversations.last_campaign_id,
    coalesce(conversations.email_opens_90d, 0) as email_opens_90d,
    coalesce(conversations.email_clicks_90d, 0) as email_clicks_90d,
    -- Personalisation has its place here and is not asked for yet.
    cast(null as string) as next_question,
    cast(null as string) as next_best_product_id,
    parameters.as_of_date
from customers
cross join parameters
inner join stages
    on customers.customer_id = stages.customer_id
inner join classes
    on customers.customer_id = classes.customer_id
left join summed
    on customers.customer_id = summed.customer_id
left join visited
    on customers.customer_id = visited.customer_id
left join conversations
    on customers.customer_id = conversations.customer_id
left join habits
    on customers.customer_id = habits.customer_id
left join favourites
    on customers.customer_id = favourites.customer_id
left join scores
    on customers.customer_id = scores.customer_id
