with scored as (
    select * from {{ ref('int_rfm_customers_scored') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    scored.customer_id,
    cast(scored.recency_days as bigint) as recency_days,
    scored.frequency,
    scored.monetary_amount,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    concat_ws(
        '', cast(scored.r_score as string), cast(scored.f_score as string), cast(scored.m_score as string)
    ) as rfm_score,
    scored.rfm_segment,
    parameters.as_of_date
from scored
inner join parameters
    on scored.scored_on = parameters.as_of_date
