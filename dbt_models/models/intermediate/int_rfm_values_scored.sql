with measures as (
    select * from {{ ref('int_rfm_measures_taken') }}
),

-- Scoring the distinct values and joining back keeps ties together and needs no window over all customers.
distinct_values as (
    select
        'recency' as measure,
        'all' as pool,
        cast(recency_days as decimal(18, 4)) as measured,
        cast(-recency_days as decimal(18, 4)) as goodness,
        count(*) as customers
    from measures
    group by recency_days
    union all
    select
        'frequency' as measure,
        case when frequency = 1 then 'once' else 'again' end as pool,
        cast(frequency as decimal(18, 4)) as measured,
        cast(frequency as decimal(18, 4)) as goodness,
        count(*) as customers
    from measures
    group by frequency
    union all
    select
        'monetary' as measure,
        'all' as pool,
        monetary_amount as measured,
        monetary_amount as goodness,
        count(*) as customers
    from measures
    group by monetary_amount
),

counted as (
    select
        *,
        sum(customers) over (partition by measure, pool order by goodness nulls last) as not_better,
        sum(customers) over (partition by measure, pool) as everyone
    from distinct_values
),

shares as (
    select
        *,
        {{ ratio('2 * not_better - customers', '2 * everyone') }} as mid_rank_share,
        {{ ratio('5 * (2 * not_better - customers)', '2 * everyone') }} as fifths,
        {{ ratio('4 * (2 * not_better - customers)', '2 * everyone') }} as quarters
    from counted
)

select
    measure,
    measured,
    cast(customers as bigint) as customers,
    mid_rank_share,
    cast(
        case
            when measure <> 'frequency' then least(5, 1 + floor(fifths))
            when pool = 'once' then 1
            else least(5, 2 + floor(quarters))
        end as integer
    ) as score
from shares
