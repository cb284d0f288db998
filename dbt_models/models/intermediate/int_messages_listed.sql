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
