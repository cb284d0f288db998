with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

headers as (
    select * from {{ ref('stg_lake__orders') }}
)

select
    headers.source,
    headers.location_id,
    headers.order_id,
    min(headers.ordered_at) as ordered_at,
    min(headers.ordered_local_at) as ordered_local_at,
    min(headers.business_date) as business_date,
    max(headers.channel) as channel,
    max(headers.campaign_id) as campaign_id,
    sum(headers.net_amount) as net_amount,
    sum(headers.tip_amount) as tip_amount
from headers
cross join parameters
where headers.business_date <= parameters.as_of_date
group by headers.source, headers.location_id, headers.order_id
