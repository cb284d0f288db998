with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

-- Who asked to be erased or left alone is not called either.
closed as (
    select distinct customer_id from {{ ref('int_privacy_contacts_closed') }}
    where customer_id is not null
),

alerts as (
    select alerts.*
    from {{ ref('churn_alerts') }} as alerts
    left join closed
        on alerts.customer_id = closed.customer_id
    where alerts.outcome = 'open' and not alerts.is_holdout and alerts.acted_at is null and closed.customer_id is null
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

types as (
    select * from {{ ref('churn_alert_types') }}
),

listed_yesterday as (
    select distinct told.customer_id
    from {{ ref('stg_lake__previous_location_action_list') }} as previous
    inner join {{ ref('churn_alerts') }} as told
        on previous.alert_id = told.alert_id
    inner join parameters
        on previous.as_of_date = {{ add_days('parameters.as_of_date', -1) }}
),

-- Nobody two days running without a cause: an alert that is new, or due today.
worth_a_call as (
    select
        alerts.*,
        visited.last_visit_date,
        concat_ws(
            ' ', 'spends', cast(cast(round(100 * alerts.spend_ratio) as integer) as string), '% of the usual'
        ) as spends,
        cast({{ days_between('visited.last_visit_date', 'alerts.as_of_date') }} as string) as silence,
        cast(cast(round(greatest(alerts.usual_gap_days, 1)) as integer) as string) as usual_gap,
        row_number() over (
            partition by alerts.customer_id
            order by
                types.track asc nulls last, alerts.severity desc nulls last, types.gravity desc nulls last,
                alerts.alert_id asc nulls last
        ) as place_with_customer
    from alerts
    inner join types
        on alerts.alert_type = types.alert_type
    left join visited
        on alerts.customer_id = visited.customer_id
    left join listed_yesterday
        on alerts.customer_id = listed_yesterday.customer_id
    where
        listed_yesterday.customer_id is null
        or alerts.opened_on = alerts.as_of_date
        or alerts.due_on = alerts.as_of_date
),

-- A complaint waits for nobody; then whoever is worth most, then the most overdue.
ranked as (
    select
        *,
        row_number() over (
            partition by location_id
            order by
                case alert_type when 'valued_complainer' then 0 when 'growing' then 2 else 1 end asc nulls last,
                severity desc nulls last, value_at_risk_amount desc nulls last, usual_amount desc nulls last,
                due_on asc nulls last, alert_id asc nulls last
        ) as place
    from worth_a_call
    where place_with_customer = 1
)

select
    location_id,
    cast(place as integer) as rank,
    customer_id,
    alert_id,
    alert_type,
    case
        when alert_type = 'valued_complainer' then 'a complaint waits for an answer'
        when alert_type = 'growing' then concat_ws(' ', spends, '- a thank-you')
        when alert_type in ('declining', 'critical') then spends
        else concat_ws(' ', silence, 'days without a visit, usually every', usual_gap)
    end as why,
    last_visit_date as last_visit_on,
    value_at_risk_amount,
    due_on,
    as_of_date
from ranked
where place <= 10
