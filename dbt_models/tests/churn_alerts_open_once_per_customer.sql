-- A customer has at most one open alert of each track; whoever has more comes back.
select
    alerts.customer_id,
    types.track,
    count(*) as open_alerts
from {{ ref('churn_alerts') }} as alerts
inner join {{ ref('churn_alert_types') }} as types
    on alerts.alert_type = types.alert_type
where alerts.outcome = 'open'
group by alerts.customer_id, types.track
having count(*) > 1
