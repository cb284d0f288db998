with landed as (
    select * from {{ source('lake', 'previous_rfm_months') }}
)

select
    month_end,
    fingerprint
from landed
