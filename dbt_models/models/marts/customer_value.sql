with classes as (
    select * from {{ ref('int_customers_classified') }}
),

summaries as (
    select * from {{ ref('int_visits_summarised') }}
),

predictions as (
    select * from {{ ref('stg_lake__customer_predictions') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    classes.customer_id,
    cast(coalesce(classes.net_12m_amount, 0) as decimal(18, 4)) as net_12m_amount,
    classes.cumulative_sales_share,
    classes.abc_class,
    classes.is_most_valuable,
    cast(classes.gap_to_elite_amount as decimal(18, 4)) as gap_to_elite_amount,
    classes.unclassified_reason,
    cast(summaries.x as bigint) as x,
    cast(summaries.t_x as bigint) as t_x,
    cast(summaries.t_age as bigint) as t_age,
    predictions.p_alive,
    predictions.p_no_purchase_30d,
    predictions.p_no_purchase_60d,
    predictions.p_no_purchase_90d,
    predictions.predicted_visits_365d,
    cast(predictions.predicted_net_365d_amount as decimal(18, 4)) as predicted_net_365d_amount,
    cast(predictions.discounted_net_365d_amount * parameters.value_margin as decimal(18, 4))
        as predicted_clv_365d_amount,
    case when parameters.value_margin = 1 then 'sales' else 'value' end as predicted_clv_kind,
    predictions.model,
    predictions.model_scope,
    case when summaries.customer_id is null then 'no_visit' else predictions.fallback_reason end as fallback_reason,
    parameters.as_of_date
from classes
cross join parameters
left join summaries
    on classes.customer_id = summaries.customer_id
left join predictions
    on classes.customer_id = predictions.customer_id
