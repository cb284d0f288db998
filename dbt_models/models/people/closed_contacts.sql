with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

closed as (
    select * from {{ ref('int_privacy_contacts_closed') }}
)

select
    closed.contact_kind,
    closed.contact,
    closed.customer_id,
    closed.kind,
    closed.requested_at,
    parameters.as_of_date
from closed
cross join parameters
