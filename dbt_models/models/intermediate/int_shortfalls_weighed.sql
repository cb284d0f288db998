with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

spending as (
    select * from {{ ref('int_customer_spending_compared') }}
),

shortfalls as (
    select
        spending.customer_id,
        spending.recent_visits,
        spending.baseline_visits + 0.5 as shape,
        {{ ratio(
            'spending.baseline_exposure',
            'spending.baseline_exposure + ' ~ ratio('spending.recent_exposure', 'spending.level_index')
        ) }} as chance
    from spending
    cross join parameters
    where spending.spend_ratio <= parameters.churn_declining_ratio
),

counts as (
    select
        *,
        {{ explode_integers(0, 'recent_visits') }} as visits
    from shortfalls
),

-- The negative binomial's terms by recurrence: each is the one before times (shape + n - 1) / n * (1 - chance).
steps as (
    select
        customer_id,
        visits,
        case
            when visits = 0 then shape * ln(chance)
            else ln({{ ratio('shape + visits - 1', 'visits') }} * (1 - chance))
        end as log_step
    from counts
    where chance > 0 and chance < 1
),

terms as (
    select
        customer_id,
        exp(sum(log_step) over (partition by customer_id order by visits nulls last)) as term
    from steps
)

select
    customer_id,
    round(sum(term), 6) as evidence_p
from terms
group by customer_id
