with landed as (
    select * from {{ source('lake', 'model_calibration') }}
)

select
    model,
    decile,
    customers,
    predicted,
    actual,
    holdout_days,
    is_chosen
from landed
