with measures as (
    select * from {{ ref('int_rfm_measures_taken') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

-- Scoring the distinct values and joining back keeps ties together and needs no window over all customers.
distinct_values as (
    select
        scored_on,
        'recency' as measure,
        'all' as pool,
        cast(recency_days as decimal(18, 4)) as measured,
        cast(-recency_days as decimal(18, 4)) as goodness,
        count(*) as customers
    from measures
    group by scored_on, recency_days
    union all
    select
        scored_on,
        'frequency' as measure,
        case when frequency = 1 then 'once' else 'again' end as pool,
        cast(frequency as decimal(18, 4)) as measured,
        cast(frequency as decimal(18, 4)) as goodness,
        count(*) as customers
    from measures
    group by scored_on, frequency
    union all
    select
        scored_on,
        'monetary' as measure,
        'all' as pool,
        monetary_amount as measured,
        monetary_amount as goodness,
        count(*) as customers
    from measures
    group by scored_on, monetary_amount
),

counted as (
    select
        *,
        sum(customers) over (partition by scored_on, measure, pool order by goodness nulls last) as not_better,
        sum(customers) over (partition by scored_on, measure, pool) as everyone
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
    shares.scored_on,
    shares.measure,
    shares.measured,
    cast(shares.customers as bigint) as customers,
    shares.mid_rank_share,
    cast(
        case
            when parameters.rfm_method = 'cutoffs' and shares.measure = 'recency'
                then {{ score_by_cutoffs('shares.measured', 'recency_days', is_less_better=true) }}
            when parameters.rfm_method = 'cutoffs' and shares.measure = 'frequency'
                then {{ score_by_cutoffs('shares.measured', 'frequency') }}
            when parameters.rfm_method = 'cutoffs'
                then {{ score_by_cutoffs('shares.measured', 'monetary') }}
            when shares.measure <> 'frequency' then least(5, 1 + floor(shares.fifths))
            when shares.pool = 'once' then 1
            else least(5, 2 + floor(shares.quarters))
        end as integer
    ) as score
from shares
cross join parameters
