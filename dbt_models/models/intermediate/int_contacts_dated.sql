with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

golden as (
    select * from {{ ref('stg_lake__golden_records') }}
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

engaged as (
    select
        customer_id,
        max(engaged_on) filter (where kind = 'email') as email_engaged_on,
        max(engaged_on) filter (where kind = 'phone') as phone_engaged_on,
        count(*) filter (where kind = 'email' and status = 'bounced') > 0 as is_email_bounced
    from {{ ref('int_contact_points_dated') }}
    where is_golden
    group by customer_id
),

-- A visit confirms that a person is still who and where they said.
confirmed as (
    select
        golden.customer_id,
        golden.email is null or golden.email_validity = 'missing' as is_email_missing,
        golden.phone is null or golden.phone_validity = 'missing' as is_phone_missing,
        golden.address is null or golden.address_validity = 'missing' as is_address_missing,
        coalesce(engaged.is_email_bounced, false) as is_email_bounced,
        false as is_phone_bounced,
        false as is_address_bounced,
        golden.email_validity,
        golden.phone_validity,
        golden.address_validity,
        coalesce(
            greatest(golden.email_confirmed_on, visited.last_visit_date, engaged.email_engaged_on),
            golden.first_created_on
        ) as email_confirmed_on,
        coalesce(
            greatest(golden.phone_confirmed_on, visited.last_visit_date, engaged.phone_engaged_on),
            golden.first_created_on
        ) as phone_confirmed_on,
        coalesce(
            greatest(golden.address_confirmed_on, visited.last_visit_date), golden.first_created_on
        ) as address_confirmed_on
    from golden
    left join visited
        on golden.customer_id = visited.customer_id
    left join engaged
        on golden.customer_id = engaged.customer_id
)

{% set kinds = ['email', 'phone', 'address'] %}
select
    confirmed.customer_id,
    {% for kind in kinds %}
    case
        when confirmed.is_{{ kind }}_missing then 'missing'
        when confirmed.is_{{ kind }}_bounced then 'bounced'
        when confirmed.{{ kind }}_validity = 'invalid' then 'invalid'
        when
            confirmed.{{ kind }}_confirmed_on
            >= {{ add_days('parameters.as_of_date', '-parameters.staleness_' ~ kind ~ '_days') }}
            then 'valid'
        else 'stale'
    end as {{ kind }}_status,
    {% endfor %}
    -- What a person does not have, a visit does not confirm.
    greatest(
        case when not confirmed.is_email_missing then confirmed.email_confirmed_on end,
        case when not confirmed.is_phone_missing then confirmed.phone_confirmed_on end,
        case when not confirmed.is_address_missing then confirmed.address_confirmed_on end
    ) as confirmed_on
from confirmed
cross join parameters
