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
    select
        contact_kind,
        contact,
        happened_at,
        try_cast(coalesce(happened_local_at, happened_at) as date) as happened_on,
        concat_ws('_', 'message', event) as kind,
        campaign_id,
        destination as sender,
        topic,
        cast(null as string) as location_id,
        cast(null as bigint) as score
    from {{ ref('stg_lake__engagement') }}
    union all
    select
        null as contact_kind,
        contact,
        coalesce(answered_at, sent_at) as happened_at,
        coalesce(answered_on, try_cast(sent_at as date)) as happened_on,
        case when answered_at is null then 'survey_sent' else 'survey_answered' end as kind,
        null as campaign_id,
        null as sender,
        coalesce(touchpoint, kind) as topic,
        location_id,
        case when answered_at is not null then score end as score
    from {{ ref('stg_lake__surveys') }}
    union all
    select
        null as contact_kind,
        contact,
        asked_at as happened_at,
        try_cast(coalesce(asked_local_at, asked_at) as date) as happened_on,
        'question' as kind,
        null as campaign_id,
        null as sender,
        question as topic,
        null as location_id,
        null as score
    from {{ ref('stg_lake__answers') }}
    union all
    select
        null as contact_kind,
        contact,
        booked_at as happened_at,
        try_cast(coalesce(booked_local_at, booked_at) as date) as happened_on,
        'booking' as kind,
        null as campaign_id,
        null as sender,
        status as topic,
        location_id,
        null as score
    from {{ ref('stg_lake__bookings') }}
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
