with fits as (
    select * from {{ ref('stg_lake__model_fits') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    fits.model_scope,
    fits.model,
    fits.is_chosen,
    fits.chosen_by,
    fits.fallback_reason,
    fits.customers,
    fits.repeat_customers,
    fits.r,
    fits.alpha_days,
    fits.a,
    fits.b,
    fits.log_likelihood,
    fits.holdout_customers,
    fits.holdout_log_likelihood,
    fits.spend_p,
    fits.spend_q,
    fits.spend_gamma,
    fits.visits_spend_correlation,
    parameters.as_of_date
from fits
cross join parameters
