with landed as (
    select * from {{ source('lake', 'customer_predictions') }}
)

select
    customer_id,
    p_alive,
    p_no_purchase_30d,
    p_no_purchase_60d,
    p_no_purchase_90d,
    predicted_visits_365d,
    predicted_visit_amount,
    predicted_net_365d_amount,
    discounted_net_365d_amount,
    model,
    model_scope,
    fallback_reason
from landed
