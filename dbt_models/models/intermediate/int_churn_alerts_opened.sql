with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

signals as (
    select * from {{ ref('int_churn_signals_raised') }}
),

followed as (
    select * from {{ ref('int_churn_alerts_followed') }}
),

classes as (
    select * from {{ ref('int_customers_classified') }}
),

-- An open alert speaks for its customer. One given up as lost is not told again before the customer is seen again.
spoken_for as (
    select distinct customer_id
    from followed
    where
        outcome = 'open'
        or (closed_on = as_of_date and outcome <> 'superseded')
        or (outcome = 'lost' and not has_returned)
)

select
    signals.customer_id,
    signals.home_location_id as location_id,
    signals.alert_type,
    signals.usual_amount,
    signals.recent_amount,
    signals.spend_ratio,
    signals.evidence_p,
    signals.silence_days,
    signals.usual_gap_days,
    case classes.abc_class when 'A' then 3 when 'B' then 2 else 1 end as severity,
    parameters.as_of_date as opened_on,
    {{ add_days('parameters.as_of_date', 'signals.due_days') }} as due_on,
    md5(concat_ws('|', signals.customer_id, signals.alert_type, cast(parameters.as_of_date as string))) as alert_id
from signals
cross join parameters
left join classes
    on signals.customer_id = classes.customer_id
where
    not exists (
        select 1
        from spoken_for
        where spoken_for.customer_id = signals.customer_id
    )
