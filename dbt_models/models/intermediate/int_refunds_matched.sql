with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

lines as (
    select * from {{ ref('stg_lake__order_lines') }}
),

headers as (
    select * from {{ ref('stg_lake__orders') }}
),

named as (
    select distinct
        lines.source,
        lines.location_id,
        lines.refunds_order_id as order_id
    from lines
    cross join parameters
    where
        lines.kind = 'refund'
        and lines.refunds_order_id is not null
        and lines.business_date <= parameters.as_of_date
),

known as (
    select
        lines.source,
        lines.location_id,
        lines.order_id
    from lines
    cross join parameters
    where
        lines.kind <> 'refund'
        and lines.business_date <= parameters.as_of_date
    union all
    select
        headers.source,
        headers.location_id,
        headers.order_id
    from headers
    cross join parameters
    where
        headers.net_amount > 0
        and headers.business_date <= parameters.as_of_date
)

select named.*
from named
where
    exists (
        select 1
        from known
        where
            known.source = named.source
            and known.location_id = named.location_id
            and known.order_id = named.order_id
    )
