with sale_days as (
    select * from {{ ref('int_location_sales_dated') }}
),

locations as (
    select * from {{ ref('int_locations_listed') }}
),

-- A stretch begins with a day on which somebody was known; before the first such day nothing is usual yet.
counted as (
    select
        location_id,
        business_date,
        orders,
        identified_orders,
        sum(orders) over (partition by location_id order by business_date nulls last) as orders_so_far,
        sum(identified_orders) over (partition by location_id order by business_date nulls last) as known_so_far,
        sum(case when identified_orders > 0 then 1 else 0 end)
            over (partition by location_id order by business_date nulls last) as stretch
    from sale_days
),

stretches as (
    select
        location_id,
        stretch,
        min(business_date) as previous_date,
        min(orders_so_far) as orders_before,
        min(known_so_far) as known_before,
        coalesce(sum(orders) filter (where identified_orders = 0), 0) as unknown_orders
    from counted
    where stretch > 0
    group by location_id, stretch
),

ended as (
    select
        stretches.*,
        coalesce(
            lead(stretches.previous_date) over (
                partition by stretches.location_id order by stretches.previous_date nulls last
            ),
            {{ add_days('coalesce(locations.data_through_date, locations.as_of_date)', 1) }}
        ) as next_date
    from stretches
    inner join locations
        on stretches.location_id = locations.location_id
)

-- A week or longer, in which a dozen orders would have been somebody's by the share so far: no chance, but a till that
-- does not tell. Between both dates nobody can be seen.
select
    location_id,
    previous_date,
    next_date
from ended
where
    {{ days_between('previous_date', 'next_date') }} > 7
    and known_before >= 12
    and unknown_orders * known_before >= 12 * orders_before
