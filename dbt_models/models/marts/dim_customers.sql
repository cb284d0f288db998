with customers as (
    select * from {{ ref('int_customers_described') }}
),

summed as (
    select * from {{ ref('int_customers_summed') }}
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

data_starts as (
    select * from {{ ref('int_data_starts_found') }}
),

acquisitions as (
    select * from {{ ref('int_acquisitions_found') }}
),

households as (
    select * from {{ ref('stg_lake__households') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    customers.customer_id,
    coalesce(summed.orders, 0) = 0 as is_prospect,
    customers.account_kind,
    visited.home_location_id,
    coalesce(acquisitions.acquisition_source, 'till') as acquisition_source,
    visited.first_visit_at,
    visited.last_visit_at,
    data_starts.is_known_since_data_began,
    customers.postal_area,
    customers.age_band,
    customers.email_status,
    customers.phone_status,
    customers.address_status,
    customers.is_email_marketable,
    customers.is_sms_marketable,
    customers.marketable_reason,
    customers.sms_marketable_reason,
    coalesce(households.household_id, customers.customer_id) as household_id,
    customers.completeness_score,
    try_cast(customers.confirmed_on as timestamp) as verified_at,
    parameters.as_of_date
from customers
cross join parameters
left join summed
    on customers.customer_id = summed.customer_id
left join visited
    on customers.customer_id = visited.customer_id
left join data_starts
    on customers.customer_id = data_starts.customer_id
left join households
    on customers.customer_id = households.customer_id
left join acquisitions
    on customers.customer_id = acquisitions.customer_id
