with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

signals as (
    select * from {{ ref('int_churn_signals_raised') }}
),

followed as (
    select * from {{ ref('int_churn_alerts_followed') }}
),

predictions as (
    select * from {{ ref('stg_lake__customer_predictions') }}
),

holdout as (
    select * from {{ ref('stg_lake__holdout_rule') }}
),

-- An open alert speaks for its customer. One given up as lost is not told again before the customer is seen again, and
-- growth not within half a year.
spoken_for as (
    select distinct
        customer_id,
        track
    from followed
    where
        outcome = 'open'
        or (closed_on = as_of_date and outcome <> 'superseded')
        or (outcome = 'lost' and not has_returned)
        or (track = 'growth' and {{ days_between('opened_on', 'as_of_date') }} <= 180)
)

select
    signals.customer_id,
    signals.customer_id as opened_for_customer_id,
    signals.home_location_id as location_id,
    signals.alert_type,
    signals.track,
    signals.usual_amount,
    signals.recent_amount,
    signals.spend_ratio,
    signals.evidence_p,
    signals.silence_days,
    signals.usual_gap_days,
    round(predictions.p_alive, 6) as p_alive,
    predictions.predicted_net_365d_amount * (1 - predictions.p_alive) as value_at_risk_amount,
    signals.severity,
    parameters.as_of_date as opened_on,
    {{ add_days(
        'parameters.as_of_date',
        "case when signals.track = 'complaint' then parameters.churn_complaint_due_days else signals.due_days end"
    ) }} as due_on,
    signals.is_held_out
    and substring(md5(concat_ws('|', holdout.salt, signals.customer_id)), 1, 8) < holdout.below as is_holdout,
    md5(concat_ws('|', signals.customer_id, signals.alert_type, cast(parameters.as_of_date as string))) as alert_id
from signals
cross join parameters
cross join holdout
left join predictions
    on signals.customer_id = predictions.customer_id
where
    not exists (
        select 1
        from spoken_for
        where
            spoken_for.customer_id = signals.customer_id
            and spoken_for.track = signals.track
    )
