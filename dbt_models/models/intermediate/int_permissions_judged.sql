with golden as (
    select * from {{ ref('stg_lake__golden_records') }}
),

contacts as (
    select * from {{ ref('int_contacts_dated') }}
),

consents as (
    select
        customer_id,
        max(consent_state) filter (where kind = 'email') as email_consent,
        max(consent_state) filter (where kind = 'phone') as phone_consent
    from {{ ref('int_contact_points_judged') }}
    group by customer_id
),

closed as (
    select
        contact_kind,
        contact
    from {{ ref('int_privacy_contacts_closed') }}
)

{% set kinds = ['email', 'phone'] %}
select
    {% for kind in kinds %}
    case
        when golden.account_kind in ('staff', 'test') then 'staff_or_test'
        when closed_{{ kind }}s.contact is not null then 'privacy_request'
        when contacts.{{ kind }}_status <> 'valid' then concat_ws('_', '{{ kind }}', contacts.{{ kind }}_status)
        else concat_ws('_', 'consent', coalesce(consents.{{ kind }}_consent, 'unknown'))
    end as {{ kind }}_reason,
    {% endfor %}
    golden.customer_id
from golden
inner join contacts
    on golden.customer_id = contacts.customer_id
left join consents
    on golden.customer_id = consents.customer_id
{% for kind in kinds %}
left join closed as closed_{{ kind }}s
    on golden.{{ kind }} = closed_{{ kind }}s.contact and closed_{{ kind }}s.contact_kind = '{{ kind }}'
{% endfor %}
