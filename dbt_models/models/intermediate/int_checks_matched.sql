with headers as (
    select * from {{ ref('stg_lake__orders') }}
),

lines as (
    select * from {{ ref('stg_lake__order_lines') }}
),

payments as (
    select * from {{ ref('stg_lake__payments') }}
),

-- Where an export names the check alone, the check's id stands for its order's.
standing_in as (
    select
        source,
        location_id,
        check_id
    from headers
    where order_id = check_id
    union distinct
    select
        source,
        location_id,
        check_id
    from payments
    where order_id is null and check_id is not null
),

told as (
    select
        source,
        location_id,
        check_id,
        order_id
    from lines
    where order_id <> check_id
    union all
    select
        source,
        location_id,
        check_id,
        order_id
    from payments
    where order_id <> check_id
)

select
    told.source,
    told.location_id,
    told.check_id,
    min(told.order_id) as order_id
from told
inner join standing_in
    on
        told.source = standing_in.source
        and told.location_id = standing_in.location_id
        and told.check_id = standing_in.check_id
group by told.source, told.location_id, told.check_id
