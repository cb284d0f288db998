with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

actions as (
    select * from {{ ref('stg_lake__actions') }}
),

redirects as (
    select * from {{ ref('stg_lake__retired_ids') }}
),

alerts as (
    select * from {{ ref('int_churn_alerts_recalled') }}
),

known as (
    select
        actions.alert_id,
        actions.location_id,
        actions.acted_at,
        actions.acted_on,
        coalesce(redirects.living_customer_id, actions.customer_id) as customer_id
    from actions
    inner join parameters
        on actions.acted_on <= parameters.as_of_date
    left join redirects
        on actions.customer_id = redirects.customer_id
)

-- An action that names no alert is about whichever of its customer was open at that location on its day.
select
    alerts.alert_id,
    min(known.acted_at) as acted_at
from alerts
inner join known
    on
        alerts.customer_id = known.customer_id
        and alerts.opened_on <= known.acted_on
        and (
            alerts.alert_id = known.alert_id
            or (
                known.alert_id is null
                and alerts.location_id = known.location_id
                and known.acted_on <= coalesce(alerts.closed_on, known.acted_on)
            )
        )
group by alerts.alert_id
