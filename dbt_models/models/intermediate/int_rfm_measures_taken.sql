with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

visits as (
    select * from {{ ref('int_visits_counted') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where customer_id is not null
),

homes as (
    select * from {{ ref('int_home_locations_chosen') }}
),

months as (
    select * from {{ ref('int_rfm_months_listed') }}
),

-- Today, and the month-ends of the history that must be computed anew.
scored_days as (
    select as_of_date as scored_on from parameters
    union
    select month_end as scored_on from months
    where not is_kept
),

happened as (
    select
        customer_id,
        visit_date as happened_on,
        visit_date,
        1 as visits,
        0 as net_amount
    from visits
    union all
    select
        customer_id,
        business_date as happened_on,
        null as visit_date,
        0 as visits,
        net_amount
    from orders
),

-- Without a window only month-ends and today cut history, so a month counts as a whole.
dated as (
    select
        happened.*,
        case
            when parameters.rfm_window_days is null
                then least(last_day(happened.happened_on), parameters.as_of_date)
            else happened.happened_on
        end as counted_on
    from happened
    cross join parameters
),

counted as (
    select
        customer_id,
        counted_on,
        max(visit_date) as last_visit_date,
        sum(visits) as visits,
        sum(net_amount) as net_amount
    from dated
    group by customer_id, counted_on
),

summed as (
    select
        scored_days.scored_on,
        counted.customer_id,
        max(counted.last_visit_date) as last_visit_date,
        sum(counted.visits) as frequency,
        sum(counted.net_amount) as monetary_amount
    from scored_days
    cross join parameters
    inner join counted
        on
            scored_days.scored_on >= counted.counted_on
            and (
                parameters.rfm_window_days is null
                or counted.counted_on > {{ add_days('scored_days.scored_on', '-parameters.rfm_window_days') }}
            )
    group by scored_days.scored_on, counted.customer_id
    having sum(counted.visits) > 0
)

select
    summed.scored_on,
    summed.customer_id,
    greatest(
        {{ days_between('summed.last_visit_date', 'least(homes.data_through_date, summed.scored_on)') }}, 0
    ) as recency_days,
    cast(summed.frequency as bigint) as frequency,
    cast(summed.monetary_amount as decimal(18, 4)) as monetary_amount
from summed
inner join homes
    on summed.customer_id = homes.customer_id
