with classes as (
    select * from {{ ref('int_customers_classified') }}
),

summaries as (
    select * from {{ ref('int_visits_summarised') }}
),

contributions as (
    select * from {{ ref('int_contributions_reckoned') }}
),

predictions as (
    select * from {{ ref('stg_lake__customer_predictions') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

valued as (
    select
        classes.*,
        coalesce(contributions.contribution_12m_amount, 0) as contribution_12m_amount,
        coalesce(contributions.service_cost_12m_amount, 0) as service_cost_12m_amount,
        classes.net_12m_amount is not null as has_bought,
        -- Who could grow: below elite, and more likely than not still a customer where that can be told.
        coalesce(classes.gap_to_elite_amount > 0 and classes.net_12m_amount > 0, false)
        and coalesce(predictions.p_alive, 1) >= 0.5 as can_grow,
        predictions.p_alive,
        predictions.p_no_purchase_30d,
        predictions.p_no_purchase_60d,
        predictions.p_no_purchase_90d,
        predictions.predicted_visits_365d,
        predictions.predicted_net_365d_amount,
        predictions.discounted_net_365d_amount,
        predictions.model,
        predictions.model_scope,
        predictions.fallback_reason
    from classes
    left join contributions
        on classes.customer_id = contributions.customer_id
    left join predictions
        on classes.customer_id = predictions.customer_id
),

-- Ties share the best place, so flags come to all of them or to none.
ranked as (
    select
        *,
        rank() over (partition by has_bought order by contribution_12m_amount nulls last) as place_from_below,
        count(*) over (partition by has_bought) as buyers,
        rank() over (partition by can_grow order by gap_to_elite_amount nulls last) as place_to_grow,
        count(*) over (partition by can_grow) as growers
    from valued
)

select
    ranked.customer_id,
    cast(coalesce(ranked.net_12m_amount, 0) as decimal(18, 4)) as net_12m_amount,
    ranked.contribution_12m_amount,
    ranked.service_cost_12m_amount,
    ranked.cumulative_sales_share,
    ranked.abc_class,
    ranked.is_most_valuable,
    ranked.contribution_12m_amount <= 0 as is_below_zero,
    case
        when ranked.unclassified_reason is null
            then ranked.has_bought and ranked.place_from_below <= ceil({{ ratio('ranked.buyers', 5) }})
    end as is_bottom_20pct,
    cast(ranked.gap_to_elite_amount as decimal(18, 4)) as gap_to_elite_amount,
    case
        when ranked.unclassified_reason is null
            then ranked.can_grow and ranked.place_to_grow <= ceil({{ ratio('ranked.growers', 10) }})
    end as is_most_growable,
    ranked.unclassified_reason,
    cast(summaries.x as bigint) as x,
    cast(summaries.t_x as bigint) as t_x,
    cast(summaries.t_age as bigint) as t_age,
    ranked.p_alive,
    ranked.p_no_purchase_30d,
    ranked.p_no_purchase_60d,
    ranked.p_no_purchase_90d,
    ranked.predicted_visits_365d,
    cast(ranked.predicted_net_365d_amount as decimal(18, 4)) as predicted_net_365d_amount,
    cast(ranked.discounted_net_365d_amount * parameters.value_margin as decimal(18, 4))
        as predicted_clv_365d_amount,
    case when parameters.value_margin = 1 then 'sales' else 'value' end as predicted_clv_kind,
    ranked.model,
    ranked.model_scope,
    case when summaries.customer_id is null then 'no_visit' else ranked.fallback_reason end as fallback_reason,
    parameters.as_of_date
from ranked
cross join parameters
left join summaries
    on ranked.customer_id = summaries.customer_id
