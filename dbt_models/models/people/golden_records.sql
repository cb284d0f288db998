with golden as (
    select * from {{ ref('stg_lake__golden_records') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    golden.customer_id,
    golden.account_kind,
    golden.first_name,
    golden.last_name,
    golden.email,
    golden.email_validity,
    golden.phone,
    golden.phone_validity,
    golden.address,
    golden.address_validity,
    golden.city,
    golden.region,
    golden.postal_code,
    golden.country,
    golden.birth_date,
    golden.how_heard,
    golden.preferred_channel,
    golden.preferred_frequency,
    golden.household_size,
    golden.email_confirmed_on,
    golden.phone_confirmed_on,
    golden.address_confirmed_on,
    golden.first_created_on,
    parameters.as_of_date
from golden
cross join parameters
