with months as (
    select * from {{ ref('int_rfm_months_listed') }}
),

history as (
    select * from {{ ref('int_rfm_months_scored') }}
),

segments as (
    select * from {{ ref('int_rfm_segments_chosen') }}
),

-- A month moves against the one before it: both must be as they were for its rows to be kept.
moving as (
    select
        month_end,
        previous_month_end
    from months
    where previous_month_end is not null and not (is_kept and is_previous_kept)
),

before as (
    select
        moving.month_end,
        moving.previous_month_end,
        history.customer_id,
        history.rfm_segment,
        history.monetary_amount
    from moving
    inner join history
        on moving.previous_month_end = history.month_end
),

after as (
    select
        moving.month_end,
        moving.previous_month_end,
        history.customer_id,
        history.rfm_segment,
        history.recency_days,
        history.frequency,
        history.monetary_amount
    from moving
    inner join history
        on moving.month_end = history.month_end
),

-- Few values for many customers: who moved alike with the same recency and frequency is looked up once.
pairs as (
    select
        coalesce(after.month_end, before.month_end) as month_end,
        coalesce(after.previous_month_end, before.previous_month_end) as previous_month_end,
        before.rfm_segment as from_segment,
        after.rfm_segment as to_segment,
        after.recency_days,
        after.frequency,
        count(*) as customers,
        sum(coalesce(after.monetary_amount, before.monetary_amount)) as net_amount
    from after
    full outer join before
        on
            after.month_end = before.month_end
            and after.customer_id = before.customer_id
    group by 1, 2, 3, 4, 5, 6
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
    from pairs
    union all
    select distinct
        month_end,
        previous_month_end,
        'frequency' as measure,
        frequency as measured,
        frequency as goodness
    from pairs
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
        pairs.*,
        case
            when pairs.from_segment = pairs.to_segment then null
            when then_named.rfm_segment = pairs.from_segment then 'cutoff_shift'
            else 'behaviour'
        end as cause
    from pairs
    left join rescored as recency
        on
            recency.measure = 'recency'
            and pairs.month_end = recency.month_end
            and pairs.recency_days = recency.measured
    left join rescored as frequency
        on
            frequency.measure = 'frequency'
            and pairs.month_end = frequency.month_end
            and pairs.frequency = frequency.measured
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
