with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

contact_points as (
    select * from {{ ref('stg_lake__contact_points') }}
    where is_golden
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

-- CASL: implied consent lasts two years after a purchase, six months after an enquiry. Under the GDPR none is implied.
implied as (
    select
        contact_points.customer_id,
        contact_points.kind,
        contact_points.consent_state,
        coalesce(contact_points.consent_basis, 'express') = 'implied' as is_implied,
        parameters.consent_jurisdiction as jurisdiction,
        coalesce(visited.last_visit_date > {{ add_days('parameters.as_of_date', -730) }}, false)
        or coalesce(
            try_cast(contact_points.consent_at as date) > {{ add_days('parameters.as_of_date', -183) }}, false
        ) as is_within_casl
    from contact_points
    cross join parameters
    left join visited
        on contact_points.customer_id = visited.customer_id
)

select
    customer_id,
    kind,
    case
        when consent_state = 'granted' and is_implied and jurisdiction in ('EU', 'UK') then 'unknown'
        when consent_state = 'granted' and is_implied and jurisdiction = 'CA' and not is_within_casl then 'expired'
        else consent_state
    end as consent_state
from implied
