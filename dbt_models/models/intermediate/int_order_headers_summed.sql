with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

checks as (
    select * from {{ ref('int_checks_matched') }}
),

headers as (
    select
        headers.*,
        coalesce(checks.order_id, headers.order_id) as whole_order_id
    from {{ ref('stg_lake__orders') }} as headers
    left join checks
        on
            headers.source = checks.source
            and headers.location_id = checks.location_id
            and headers.order_id = checks.check_id
)

select
    headers.source,
    headers.location_id,
    headers.whole_order_id as order_id,
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
group by headers.source, headers.location_id, headers.whole_order_id
