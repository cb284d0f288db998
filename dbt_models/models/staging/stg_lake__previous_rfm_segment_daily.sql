with landed as (
    select * from {{ source('lake', 'previous_rfm_segment_daily') }}
)

select
    rfm_segment,
    customers,
    net_amount,
    as_of_date
from landed
