with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
    where gap_days is not null
),

customers as (
    select * from {{ ref('int_customers_visited') }}
),

-- Each customer counts once: those who come daily would else make a week seem long to everybody. Decimals add up to the
-- same in any order.
means as (
    select
        cast({{ ratio('customers.gap_days', 'customers.gaps') }} as decimal(18, 6)) as gap_days,
        customers.visits >= parameters.churn_min_visits as has_habit
    from customers
    cross join parameters
    where customers.gaps > 0
),

network as (
    select
        coalesce(
            {{ ratio('sum(gap_days) filter (where has_habit)', 'count(*) filter (where has_habit)') }},
            {{ ratio('sum(gap_days)', 'count(*)') }}
        ) as mean_gap_days
    from means
),

earlier as (
    select
        customer_id,
        gap_days,
        count(*) over (partition by customer_id order by visit_number nulls last) - 1 as earlier_gaps,
        sum(gap_days) over (partition by customer_id order by visit_number nulls last) - gap_days as earlier_gap_days
    from visits
),

-- A gap against the mean as it was known when the gap began: what a night compares silence with.
longest as (
    select
        earlier.customer_id,
        max(
            {{ ratio(
                'earlier.gap_days * (earlier.earlier_gaps + 2)',
                'earlier.earlier_gap_days + 2 * network.mean_gap_days'
            ) }}
        ) as relative_gap
    from earlier
    cross join network
    cross join parameters
    where earlier.earlier_gaps >= parameters.churn_min_visits - 1
    group by earlier.customer_id
),

rounded as (
    select
        round(relative_gap, 2) as relative_gap,
        count(*) as customers
    from longest
    group by round(relative_gap, 2)
),

shares as (
    select
        relative_gap,
        {{ ratio('sum(customers) over (order by relative_gap nulls last)', 'sum(customers) over ()') }} as share
    from rounded
),

quantiles as (
    select
        min(shares.relative_gap) filter (where shares.share >= parameters.churn_lapse_warn_quantile) as warn_factor,
        min(shares.relative_gap) filter (where shares.share >= parameters.churn_lapse_quantile) as lapse_factor
    from shares
    cross join parameters
)

select
    network.mean_gap_days,
    quantiles.warn_factor,
    quantiles.lapse_factor
from network
cross join quantiles
