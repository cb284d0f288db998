with sale_days as (
    select * from {{ ref('int_location_sales_dated') }}
),

locations as (
    select * from {{ ref('int_locations_listed') }}
),

blind as (
    select * from {{ ref('int_location_stretches_found') }}
),

spans as (
    select
        sale_days.location_id,
        min(sale_days.business_date) as first_date,
        max(sale_days.business_date) as last_sale_date,
        max(coalesce(locations.data_through_date, locations.as_of_date)) as last_date,
        count(*) as days_with_sales
    from sale_days
    inner join locations
        on sale_days.location_id = locations.location_id
    group by sale_days.location_id
),

silences as (
    select
        location_id,
        business_date as next_date,
        lag(business_date) over (partition by location_id order by business_date nulls last) as previous_date
    from sale_days
    union all
    -- What has not ended yet ends, as far as is known, with the data.
    select
        location_id,
        {{ add_days('last_date', 1) }} as next_date,
        last_sale_date as previous_date
    from spans
),

-- Three or more days without a sale, where most days up to the last sale have one: closed, or not delivered. Days off
-- are neither.
outages as (
    select silences.*
    from silences
    inner join spans
        on silences.location_id = spans.location_id
    where
        {{ days_between('silences.previous_date', 'silences.next_date') }} > 3
        and 2 * spans.days_with_sales > {{ days_between('spans.first_date', 'spans.last_sale_date') }}
),

days as (
    select
        location_id,
        first_date,
        {{ explode_dates('first_date', 'last_date') }} as date_day
    from spans
),

marked as (
    select
        days.location_id,
        days.first_date,
        days.date_day,
        coalesce(sale_days.orders, 0) as orders,
        coalesce(sale_days.identified_orders, 0) as identified_orders,
        coalesce(sale_days.net_amount, 0) as net_amount,
        coalesce(sale_days.identified_amount, 0) as identified_amount,
        case when outages.location_id is null then 0 else 1 end as outage_days,
        case when blind.location_id is null then 0 else 1 end as blind_days
    from days
    left join sale_days
        on
            days.location_id = sale_days.location_id
            and days.date_day = sale_days.business_date
    left join outages
        on
            days.location_id = outages.location_id
            and days.date_day > outages.previous_date
            and days.date_day < outages.next_date
    left join blind
        on
            days.location_id = blind.location_id
            and days.date_day > blind.previous_date
            and days.date_day < blind.next_date
)

-- Nobody is seen where nothing was sold, nor where the till told nobody.
select
    *,
    sum(greatest(outage_days, blind_days)) over (partition by location_id order by date_day nulls last)
        as unseen_days_so_far
from marked
