with landed as (
    select * from {{ source('lake', 'model_fits') }}
)

select
    model_scope,
    model,
    is_chosen,
    chosen_by,
    fallback_reason,
    customers,
    repeat_customers,
    r,
    alpha_days,
    a,
    b,
    log_likelihood,
    holdout_customers,
    holdout_log_likelihood,
    spend_p,
    spend_q,
    spend_gamma,
    visits_spend_correlation
from landed
