with requests as (
    select * from {{ ref('stg_lake__privacy_requests') }}
    where kind in ('erase', 'restrict') and contact is not null
),

contact_points as (
    select * from {{ ref('stg_lake__contact_points') }}
),

-- Several people may share an address or a phone: then the request speaks for that contact alone.
holders as (
    select
        kind as contact_kind,
        value as contact,
        min(customer_id) as customer_id
    from contact_points
    group by kind, value
    having count(distinct customer_id) = 1
),

asked as (
    select
        requests.kind,
        requests.contact_kind,
        requests.contact,
        requests.received_at,
        holders.customer_id
    from requests
    left join holders
        on requests.contact_kind = holders.contact_kind and requests.contact = holders.contact
),

closed as (
    select * from asked
    union all
    select
        asked.kind,
        contact_points.kind as contact_kind,
        contact_points.value as contact,
        asked.received_at,
        asked.customer_id
    from asked
    inner join contact_points
        on asked.customer_id = contact_points.customer_id
)

select
    contact_kind,
    contact,
    min(customer_id) as customer_id,
    -- Erasure is the wider of the two.
    min(kind) as kind,
    coalesce(max(received_at) filter (where kind = 'erase'), max(received_at)) as requested_at
from closed
group by contact_kind, contact
