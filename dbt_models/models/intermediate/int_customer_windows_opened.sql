with customers as (
    select * from {{ ref('int_customers_visited') }}
),

days as (
    select * from {{ ref('int_location_days_listed') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

-- Each window begins after its start date: baseline, then recent, up to the last day that has arrived.
windows as (
    select
        customers.customer_id,
        customers.home_location_id,
        customers.last_visit_date,
        customers.data_through_date,
        {{ add_days('customers.data_through_date', '-parameters.churn_recent_days') }} as recent_start,
        greatest(
            {{ add_days('customers.data_through_date',
                '-parameters.churn_recent_days - parameters.churn_baseline_days') }},
            {{ add_days('customers.first_visit_date', -1) }}
        ) as baseline_start,
        parameters.churn_recent_days
    from customers
    cross join parameters
)

-- Days on which the home location was shut, did not deliver or told nobody count neither as exposure nor as silence.
select
    windows.customer_id,
    windows.home_location_id,
    windows.data_through_date,
    windows.recent_start,
    windows.baseline_start,
    {{ days_between('windows.baseline_start', 'windows.recent_start') }}
    - coalesce(recent_day.unseen_days_so_far, 0)
    + coalesce(baseline_day.unseen_days_so_far, 0) as baseline_exposure,
    windows.churn_recent_days
    - coalesce(last_day.unseen_days_so_far, 0)
    + coalesce(recent_day.unseen_days_so_far, 0) as recent_exposure,
    greatest({{ days_between('windows.last_visit_date', 'windows.data_through_date') }}, 0)
    - greatest(
        coalesce(last_day.unseen_days_so_far, 0) - coalesce(seen_day.unseen_days_so_far, 0), 0
    ) as silence_days
from windows
left join days as last_day
    on
        windows.home_location_id = last_day.location_id
        and windows.data_through_date = last_day.date_day
left join days as recent_day
    on
        windows.home_location_id = recent_day.location_id
        and windows.recent_start = recent_day.date_day
left join days as baseline_day
    on
        windows.home_location_id = baseline_day.location_id
        and windows.baseline_start = baseline_day.date_day
left join days as seen_day
    on
        windows.home_location_id = seen_day.location_id
        and windows.last_visit_date = seen_day.date_day
