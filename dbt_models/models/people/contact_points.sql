with contact_points as (
    select * from {{ ref('stg_lake__contact_points') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    contact_points.customer_id,
    contact_points.kind,
    contact_points.value,
    contact_points.validity,
    contact_points.consent_state,
    contact_points.consent_at,
    contact_points.consent_basis,
    contact_points.last_confirmed_on,
    contact_points.is_golden,
    parameters.as_of_date
from contact_points
cross join parameters
