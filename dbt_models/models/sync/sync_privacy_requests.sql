with closed as (
    select * from {{ ref('closed_contacts') }}
    where contact_kind = 'email'
)

select
    contact as email,
    customer_id,
    kind,
    requested_at
from closed
