with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

contacts as (
    select * from {{ ref('int_contacts_owned') }}
),

retired as (
    select * from {{ ref('stg_lake__retired_ids') }}
),

said as (
    select * from {{ ref('int_messages_listed') }}
),

attributed as (
    select
        contacts.customer_id,
        said.kind,
        said.contact_kind as channel,
        said.happened_at,
        said.happened_on,
        said.location_id,
        said.campaign_id,
        said.sender,
        said.topic,
        said.score
    from said
    inner join contacts
        on said.contact = contacts.contact
    union all
    select
        customer_id,
        kind,
        'case' as channel,
        opened_at as happened_at,
        opened_on as happened_on,
        location_id,
        null as campaign_id,
        null as sender,
        category as topic,
        null as score
    from {{ ref('int_cases_attributed') }}
    union all
    select
        coalesce(retired.living_customer_id, actions.customer_id) as customer_id,
        'action' as kind,
        case
            when lower(actions.channel) like '%mail%' then 'email'
            when lower(actions.channel) = 'sms' then 'phone'
            else 'call'
        end as channel,
        actions.acted_at as happened_at,
        actions.acted_on as happened_on,
        actions.location_id,
        null as campaign_id,
        concat_ws(' ', 'location', actions.location_id) as sender,
        actions.result as topic,
        null as score
    from {{ ref('stg_lake__actions') }} as actions
    left join retired
        on actions.customer_id = retired.customer_id
)

select attributed.*
from attributed
inner join parameters
    on attributed.happened_on <= parameters.as_of_date
