with months as (
    select * from {{ ref('int_rfm_months_listed') }}
),

moved as (
    select * from {{ ref('int_rfm_moves_explained') }}
),

kept as (
    select * from {{ ref('stg_lake__previous_rfm_movement') }}
),

segments as (
    select
        rfm_segment,
        min(segment_rank) as segment_rank
    from {{ ref('int_rfm_segments_chosen') }}
    group by rfm_segment
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

movement as (
    select
        moved.month_end,
        moved.from_segment,
        moved.to_segment,
        moved.cause,
        case
            when moved.from_segment is null then 'new'
            when moved.to_segment is null then 'gone'
            when segments_after.segment_rank < segments_before.segment_rank then 'up'
            when segments_after.segment_rank > segments_before.segment_rank then 'down'
            else 'same'
        end as direction,
        moved.customers,
        moved.net_amount
    from moved
    left join segments as segments_before
        on moved.from_segment = segments_before.rfm_segment
    left join segments as segments_after
        on moved.to_segment = segments_after.rfm_segment
    union all
    select
        kept.month_end,
        kept.from_segment,
        kept.to_segment,
        kept.cause,
        kept.direction,
        kept.customers,
        kept.net_amount
    from kept
    inner join months
        on kept.month_end = months.month_end
    where months.is_kept and months.is_previous_kept
)

select
    movement.month_end,
    movement.from_segment,
    movement.to_segment,
    movement.cause,
    movement.direction,
    cast(movement.customers as bigint) as customers,
    cast(movement.net_amount as decimal(18, 4)) as net_amount,
    parameters.as_of_date
from movement
cross join parameters
