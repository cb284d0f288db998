with decisions as (
    select * from {{ ref('stg_lake__decision_effects') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    decisions.decision_no,
    decisions.decision,
    decisions.left_record,
    decisions.right_record,
    decisions.left_customer_id,
    decisions.right_customer_id,
    decisions.decided_at,
    decisions.is_in_force,
    decisions.effect,
    parameters.as_of_date
from decisions
cross join parameters
