with history as (
    select * from {{ ref('int_rfm_months_scored') }}
),

segments as (
    select * from {{ ref('int_rfm_segments_chosen') }}
),

moves as (
    select * from {{ ref('int_rfm_moves_counted') }}
),

bounds as (
    select
        month_end,
        'recency' as measure,
        r_score as score,
        -max(recency_days) as worst
    from history
    group by month_end, r_score
    union all
    select
        month_end,
        'frequency' as measure,
        f_score as score,
        min(frequency) as worst
    from history
    group by month_end, f_score
),

-- What today's values would have scored the month before: the best score whose worst holder they equal or beat.
values_now as (
    select distinct
        month_end,
        previous_month_end,
        'recency' as measure,
        recency_days as measured,
        -recency_days as goodness
    from moves
    union all
    select distinct
        month_end,
        previous_month_end,
        'frequency' as measure,
        frequency as measured,
        frequency as goodness
    from moves
),

rescored as (
    select
        values_now.month_end,
        values_now.measure,
        values_now.measured,
        coalesce(
            max(bounds.score) filter (where values_now.goodness >= bounds.worst), min(bounds.score)
        ) as score
    from values_now
    inner join bounds
        on
            values_now.previous_month_end = bounds.month_end
            and values_now.measure = bounds.measure
    group by values_now.month_end, values_now.measure, values_now.measured
),

caused as (
    select
        moves.*,
        case
            when moves.from_segment = moves.to_segment then null
            when then_named.rfm_segment = moves.from_segment then 'cutoff_shift'
            else 'behaviour'
        end as cause
    from moves
    left join rescored as recency
        on
            recency.measure = 'recency'
            and moves.month_end = recency.month_end
            and moves.recency_days = recency.measured
    left join rescored as frequency
        on
            frequency.measure = 'frequency'
            and moves.month_end = frequency.month_end
            and moves.frequency = frequency.measured
    left join segments as then_named
        on
            recency.score = then_named.r_score
            and frequency.score = then_named.f_score
)

select
    month_end,
    from_segment,
    to_segment,
    cause,
    cast(sum(customers) as bigint) as customers,
    sum(net_amount) as net_amount
from caused
group by month_end, from_segment, to_segment, cause
