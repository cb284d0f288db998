{{ config(severity='warn') }}
-- The model that speaks for the network foresaw the holdout's visits within a factor of two; else it comes back, as a
-- warning: the night is published, and ops.checks tells that its predictions want a look.
select
    model,
    sum(predicted * customers) as expected_visits,
    sum(actual * customers) as actual_visits
from {{ ref('model_calibration') }}
where is_chosen
group by model
having
    sum(predicted * customers) > 2 * sum(actual * customers)
    or 2 * sum(predicted * customers) < sum(actual * customers)
