with scores as (
    select * from {{ ref('rfm_scores') }}
),

segments as (
    select distinct rfm_segment from {{ ref('int_rfm_segments_chosen') }}
),

previous as (
    select * from {{ ref('stg_lake__previous_rfm_segment_daily') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

today as (
    select
        segments.rfm_segment,
        count(scores.customer_id) as customers,
        coalesce(sum(scores.monetary_amount), 0) as net_amount,
        parameters.as_of_date
    from segments
    cross join parameters
    left join scores
        on segments.rfm_segment = scores.rfm_segment
    group by segments.rfm_segment, parameters.as_of_date
),

days as (
    select
        rfm_segment,
        customers,
        net_amount,
        as_of_date
    from today
    union all
    select
        previous.rfm_segment,
        previous.customers,
        previous.net_amount,
        previous.as_of_date
    from previous
    inner join parameters
        on previous.as_of_date < parameters.as_of_date
)

select
    rfm_segment,
    cast(customers as bigint) as customers,
    cast(net_amount as decimal(18, 4)) as net_amount,
    as_of_date
from days
