with months as (
    select * from {{ ref('int_rfm_months_listed') }}
),

kept as (
    select * from {{ ref('stg_lake__previous_rfm_history') }}
),

scored as (
    select * from {{ ref('int_rfm_customers_scored') }}
)

select
    kept.customer_id,
    kept.month_end,
    kept.recency_days,
    kept.frequency,
    kept.monetary_amount,
    kept.r_score,
    kept.f_score,
    kept.m_score,
    kept.rfm_segment
from kept
inner join months
    on kept.month_end = months.month_end
where months.is_kept
union all
select
    scored.customer_id,
    months.month_end,
    cast(scored.recency_days as bigint) as recency_days,
    scored.frequency,
    scored.monetary_amount,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    scored.rfm_segment
from scored
inner join months
    on scored.scored_on = months.month_end
where not months.is_kept
