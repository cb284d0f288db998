with customer_records as (
    select * from {{ ref('stg_lake__customer_records') }}
),

customers as (
    select * from {{ ref('stg_lake__customers') }}
),

signups as (
    select * from {{ ref('stg_lake__signups') }}
),

signup_customers as (
    select * from {{ ref('stg_lake__signup_records') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

told as (
    select
        customer_records.customer_id,
        customers.how_heard as acquisition_source,
        1 as preference,
        coalesce(customers.created_at, customers.updated_at) as known_at
    from customers
    inner join customer_records
        on
            customers.source = customer_records.source
            and customers.source_customer_id = customer_records.source_customer_id
            and customers.location_id is not distinct from customer_records.location_id
    where customers.how_heard is not null
),

signed_up as (
    select
        signup_customers.customer_id,
        signups.campaign_id as acquisition_source,
        2 as preference,
        signups.signed_up_at as known_at
    from signups
    inner join signup_customers
        on
            signups.source = signup_customers.source
            and signups.signup_id = signup_customers.signup_id
    where signups.campaign_id is not null
),

bought as (
    select
        customer_id,
        campaign_id as acquisition_source,
        2 as preference,
        ordered_at as known_at
    from orders
    where customer_id is not null and campaign_id is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by preference nulls last, known_at nulls last, acquisition_source nulls last
        ) as source_rank
    from (
        select * from told
        union all
        select * from signed_up
        union all
        select * from bought
    ) as clues
)

select
    customer_id,
    acquisition_source
from ranked
where source_rank = 1
