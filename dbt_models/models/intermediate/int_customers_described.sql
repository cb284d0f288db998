with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

golden as (
    select * from {{ ref('stg_lake__golden_records') }}
),

contacts as (
    select * from {{ ref('int_contacts_dated') }}
),

permissions as (
    select * from {{ ref('int_permissions_judged') }}
),

joined as (
    select
        golden.*,
        contacts.email_status,
        contacts.phone_status,
        contacts.address_status,
        contacts.confirmed_on,
        permissions.email_reason,
        permissions.phone_reason,
        extract(year from parameters.as_of_date) - extract(year from golden.birth_date)
        - case
            when
                extract(month from parameters.as_of_date) * 100 + extract(day from parameters.as_of_date)
                < extract(month from golden.birth_date) * 100 + extract(day from golden.birth_date)
                then 1
            else 0
        end as age
    from golden
    cross join parameters
    inner join contacts
        on golden.customer_id = contacts.customer_id
    inner join permissions
        on golden.customer_id = permissions.customer_id
)

select
    customer_id,
    account_kind,
    preferred_channel,
    preferred_frequency,
    email_status,
    phone_status,
    address_status,
    confirmed_on,
    email_reason as marketable_reason,
    phone_reason as sms_marketable_reason,
    phone_reason = 'consent_granted' as is_sms_marketable,
    email_reason = 'consent_granted' as is_email_marketable,
    upper(substring(translate(postal_code, ' -', ''), 1, 3)) as postal_area,
    case
        when age < 18 then 'under_18'
        when age < 25 then '18_24'
        when age < 35 then '25_34'
        when age < 45 then '35_44'
        when age < 55 then '45_54'
        when age < 65 then '55_64'
        when age >= 65 then '65_plus'
    end as age_band,
    {{ ratio('case when coalesce(first_name, last_name) is not null then 1 else 0 end
        + case when email_status = \'valid\' then 1 else 0 end
        + case when phone_status = \'valid\' then 1 else 0 end
        + case when postal_code is not null and address_status <> \'stale\' then 1 else 0 end
        + case when birth_date is not null then 1 else 0 end', 5) }} as completeness_score
from joined
