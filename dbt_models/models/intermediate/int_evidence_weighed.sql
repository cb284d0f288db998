with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

spending as (
    select * from {{ ref('int_customer_spending_compared') }}
),

unusual as (
    select
        spending.customer_id,
        spending.spend_ratio >= 1.5 as is_surge,
        spending.recent_visits,
        spending.baseline_visits + 0.5 as shape,
        {{ ratio(
            'spending.baseline_exposure',
            'spending.baseline_exposure + ' ~ ratio('spending.recent_exposure', 'spending.level_index')
        ) }} as chance
    from spending
    cross join parameters
    where
        spending.spend_ratio <= parameters.churn_declining_ratio
        or (spending.spend_ratio >= 1.5 and spending.recent_visits > 0)
),

counts as (
    select
        *,
        {{ explode_integers(0, 'case when is_surge then recent_visits - 1 else recent_visits end') }} as visits
    from unusual
    where chance > 0 and chance < 1
),

-- The negative binomial's terms by recurrence: each is the one before times (shape + n - 1) / n * (1 - chance).
steps as (
    select
        customer_id,
        visits,
        is_surge,
        max(visits) over (partition by customer_id) as last_visits,
        (shape + visits) * (1 - chance) as expected_next,
        case
            when visits = 0 then shape * ln(chance)
            else ln({{ ratio('shape + visits - 1', 'visits') }} * (1 - chance))
        end as log_step
    from counts
),

terms as (
    select
        *,
        exp(sum(log_step) over (partition by customer_id order by visits nulls last)) as term
    from steps
),

-- Every night looks. The chance to be so low, or so high, on some night of a recent window is at most that of one night
-- plus the expected number of times a visit more or less leads there, which is the last term times what comes next.
tails as (
    select
        customer_id,
        is_surge,
        case when is_surge then 1 - sum(term) else sum(term) end as tail,
        max(term * expected_next) filter (where visits = last_visits) as crossings
    from terms
    group by customer_id, is_surge
)

select
    customer_id,
    is_surge,
    round(least(1, greatest(tail, 0) + crossings), 6) as evidence_p
from tails
