with landed as (
    select * from {{ source('lake', 'previous_rfm_movement') }}
)

select
    month_end,
    from_segment,
    to_segment,
    cause,
    direction,
    customers,
    net_amount
from landed
