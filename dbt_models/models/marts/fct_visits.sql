with visits as (
    select * from {{ ref('int_visits_counted') }}
)

select
    customer_id,
    visit_date,
    cast(visit_number as bigint) as visit_number,
    location_id,
    cast(orders as bigint) as orders,
    cast(net_amount as decimal(18, 4)) as net_amount,
    first_ordered_at,
    last_ordered_at,
    gap_days as days_since_previous_visit,
    as_of_date
from visits
