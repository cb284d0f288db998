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

network as (
    select {{ ratio('sum(gap_days)', 'sum(gaps)') }} as mean_gap_days
    from customers
),

relative_gaps as (
    select
        round({{ ratio('visits.gap_days * customers.gaps', 'customers.gap_days') }}, 2) as relative_gap,
        count(*) as gaps
    from visits
    inner join customers
        on visits.customer_id = customers.customer_id
    cross join parameters
    where customers.visits >= parameters.churn_min_visits
    group by 1
),

shares as (
    select
        relative_gap,
        {{ ratio('sum(gaps) over (order by relative_gap nulls last)', 'sum(gaps) over ()') }} as share
    from relative_gaps
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
