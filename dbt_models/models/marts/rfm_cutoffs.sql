with scored as (
    select * from {{ ref('int_rfm_values_scored') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

measures as (
    select 'recency' as measure
    union all
    select 'frequency' as measure
    union all
    select 'monetary' as measure
),

scores as (
    select {{ explode_integers(1, 5) }} as score
)

select
    measures.measure,
    cast(scores.score as integer) as score,
    min(scored.measured) as lower,
    max(scored.measured) as upper,
    cast(coalesce(sum(scored.customers), 0) as bigint) as customers,
    parameters.as_of_date
from measures
cross join scores
cross join parameters
left join scored
    on
        measures.measure = scored.measure
        and parameters.as_of_date = scored.scored_on
        and scores.score = scored.score
group by measures.measure, scores.score, parameters.as_of_date
