with calibration as (
    select * from {{ ref('stg_lake__model_calibration') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    calibration.model,
    cast(calibration.decile as integer) as decile,
    calibration.customers,
    calibration.predicted,
    calibration.actual,
    calibration.holdout_days,
    calibration.is_chosen,
    parameters.as_of_date
from calibration
cross join parameters
