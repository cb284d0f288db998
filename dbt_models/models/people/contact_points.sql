with dated as (
    select * from {{ ref('int_contact_points_dated') }}
),

contact_points as (
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
    dated.status,
    dated.status_reason,
    dated.status_since,
    parameters.as_of_date
from contact_points
cross join parameters
inner join dated
    on
        contact_points.customer_id = dated.customer_id
        and contact_points.kind = dated.kind
        and contact_points.value = dated.value
