with landed as (
    select * from {{ source('lake', 'parameters') }}
)

select
    run_id,
    as_of_date,
    network_name,
    network_currency,
    network_timezone,
    network_country,
    consent_jurisdiction,
    rfm_method,
    try_cast(staleness_email_days as bigint) as staleness_email_days,
    try_cast(staleness_phone_days as bigint) as staleness_phone_days,
    try_cast(staleness_address_days as bigint) as staleness_address_days,
    try_cast(rfm_window_days as bigint) as rfm_window_days,
    try_cast(churn_recent_days as bigint) as churn_recent_days,
    try_cast(churn_baseline_days as bigint) as churn_baseline_days,
    try_cast(churn_min_visits as bigint) as churn_min_visits,
    try_cast(churn_declining_ratio as double) as churn_declining_ratio,
    try_cast(churn_critical_ratio as double) as churn_critical_ratio,
    try_cast(churn_evidence as double) as churn_evidence,
    try_cast(churn_lapse_warn_quantile as double) as churn_lapse_warn_quantile,
    try_cast(churn_lapse_quantile as double) as churn_lapse_quantile,
    try_cast(churn_lapse_min_days as bigint) as churn_lapse_min_days,
    try_cast(value_margin as double) as value_margin
from landed
