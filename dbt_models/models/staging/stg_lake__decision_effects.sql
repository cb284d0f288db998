with landed as (
    select * from {{ source('lake', 'decision_effects') }}
)

select
    decision_no,
    decision,
    decided_at,
    left_record,
    right_record,
    left_customer_id,
    right_customer_id,
    is_in_force,
    effect
from landed
