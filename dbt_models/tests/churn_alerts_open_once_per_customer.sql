-- A customer has at most one open alert; whoever has more comes back.
select
    customer_id,
    count(*) as open_alerts
from {{ ref('churn_alerts') }}
where outcome = 'open'
group by customer_id
having count(*) > 1
