with landed as (
    select * from {{ source('lake', 'previous_rfm_history') }}
)

select
    customer_id,
    month_end,
    recency_days,
    frequency,
    monetary_amount,
    r_score,
    f_score,
    m_score,
    rfm_segment
from landed
