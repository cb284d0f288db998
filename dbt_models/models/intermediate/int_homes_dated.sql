with visits as (
    select * from {{ ref('int_visits_counted') }}
),

visited as (
    select distinct
        customer_id,
        location_id
    from visits
),

-- A visit counts from its day to 364 days after: so the counts of the last year change on these days only.
changes as (
    select
        customer_id,
        location_id,
        visit_date as change_date,
        1 as visits,
        visit_date
    from visits
    union all
    select
        customer_id,
        location_id,
        {{ add_days('visit_date', 365) }} as change_date,
        -1 as visits,
        null as visit_date
    from visits
    where {{ add_days('visit_date', 365) }} <= as_of_date
),

dates as (
    select distinct
        customer_id,
        change_date
    from changes
),

counted as (
    select
        dates.customer_id,
        dates.change_date,
        visited.location_id,
        coalesce(sum(changes.visits), 0) as visits,
        max(changes.visit_date) as visit_date
    from dates
    inner join visited
        on dates.customer_id = visited.customer_id
    left join changes
        on
            dates.customer_id = changes.customer_id
            and dates.change_date = changes.change_date
            and visited.location_id = changes.location_id
    group by dates.customer_id, dates.change_date, visited.location_id
),

standings as (
    select
        customer_id,
        change_date,
        location_id,
        sum(visits) over (
            partition by customer_id, location_id order by change_date nulls last
        ) as visits_last_year,
        max(visit_date) over (
            partition by customer_id, location_id order by change_date nulls last
        ) as last_visit_date
    from counted
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, change_date
            order by visits_last_year desc nulls last, last_visit_date desc nulls last, location_id asc nulls last
        ) as place
    from standings
    where last_visit_date is not null
),

homes as (
    select
        customer_id,
        change_date,
        location_id,
        lag(location_id) over (partition by customer_id order by change_date nulls last) as previous_location_id
    from ranked
    where place = 1
)

select
    customer_id,
    location_id,
    change_date as valid_from,
    {{ add_days('lead(change_date) over (partition by customer_id order by change_date nulls last)', -1) }} as valid_to
from homes
where location_id is distinct from previous_location_id
