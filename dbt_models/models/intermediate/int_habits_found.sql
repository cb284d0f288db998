with visits as (
    select * from {{ ref('int_visits_counted') }}
),

weekdays as (
    select
        customer_id,
        {{ iso_weekday('visit_date') }} as weekday,
        count(*) as visits
    from visits
    group by 1, 2
),

hours as (
    select
        customer_id,
        cast(extract(hour from first_ordered_local_at) as integer) as hour_of_day,
        count(*) as visits
    from visits
    group by 1, 2
),

ranked_weekdays as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by visits desc nulls last, weekday asc nulls last
        ) as place
    from weekdays
),

ranked_hours as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by visits desc nulls last, hour_of_day asc nulls last
        ) as place
    from hours
)

select
    ranked_weekdays.customer_id,
    ranked_weekdays.weekday as usual_weekday,
    ranked_hours.hour_of_day as usual_hour
from ranked_weekdays
inner join ranked_hours
    on
        ranked_weekdays.customer_id = ranked_hours.customer_id
        and ranked_hours.place = 1
where ranked_weekdays.place = 1
