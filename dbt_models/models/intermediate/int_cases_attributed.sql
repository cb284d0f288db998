with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

cases as (
    select * from {{ ref('stg_lake__cases') }}
),

order_customers as (
    select * from {{ ref('int_order_customers_found') }}
),

contact_points as (
    select * from {{ ref('stg_lake__contact_points') }}
),

claims as (
    select
        cases.case_id,
        order_customers.customer_id,
        1 as preference
    from cases
    inner join order_customers
        on
            cases.order_id = order_customers.order_id
            and cases.location_id = order_customers.location_id
    union all
    select
        cases.case_id,
        contact_points.customer_id,
        case when contact_points.is_golden then 2 else 3 end as preference
    from cases
    inner join contact_points
        on cases.contact = contact_points.value
),

-- The order says best whose case it is; a contact that several customers share says it of the one whose best it is.
ranked as (
    select
        *,
        row_number() over (
            partition by case_id order by preference nulls last, customer_id nulls last
        ) as place
    from claims
)

select
    cases.case_id,
    ranked.customer_id,
    cases.location_id,
    cases.kind,
    cases.category,
    cases.opened_at,
    cases.opened_on,
    case when cases.resolved_on <= parameters.as_of_date then cases.resolved_on end as resolved_on,
    coalesce(cases.resolved_on > parameters.as_of_date, true) as is_open
from cases
cross join parameters
inner join ranked
    on
        cases.case_id = ranked.case_id
        and ranked.place = 1
where cases.opened_on <= parameters.as_of_date
