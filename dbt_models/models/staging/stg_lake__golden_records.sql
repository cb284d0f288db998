with landed as (
    select * from {{ source('lake', 'golden_records') }}
)

select
    customer_id,
    account_kind,
    first_name,
    last_name,
    email,
    email_validity,
    phone,
    phone_validity,
    address,
    address_validity,
    city,
    region,
    postal_code,
    country,
    birth_date,
    how_heard,
    preferred_channel,
    preferred_frequency,
    household_size,
    email_confirmed_on,
    phone_confirmed_on,
    address_confirmed_on,
    first_created_on
from landed
