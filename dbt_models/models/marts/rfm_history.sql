with history as (
    select * from {{ ref('int_rfm_months_scored') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    history.customer_id,
    history.month_end,
    history.recency_days,
    history.frequency,
    history.monetary_amount,
    history.r_score,
    history.f_score,
    history.m_score,
    history.rfm_segment,
    parameters.as_of_date
from history
cross join parameters
