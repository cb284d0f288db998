with landed as (
    select * from {{ source('lake', 'identity_events') }}
)

select
    event_no,
    event,
    from_customer_id,
    to_customer_id,
    reason,
    records,
    as_of_date
from landed
