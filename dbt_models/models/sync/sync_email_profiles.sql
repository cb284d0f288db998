with customers as (
    select * from {{ ref('dim_customers') }}
    where is_email_marketable
),

golden as (
    select * from {{ ref('golden_records') }}
),

summaries as (
    select * from {{ ref('customer_360') }}
),

scores as (
    select * from {{ ref('rfm_scores') }}
),

locations as (
    select * from {{ ref('dim_locations') }}
),

profiles as (
    select
        customers.customer_id,
        golden.email,
        golden.first_name,
        golden.last_name,
        customers.home_location_id,
        locations.location_name as home_location_name,
        summaries.rfm_segment,
        -- Values that change every night leave as bands, so that a profile is sent when something happened.
        case
            when scores.recency_days <= 30 then '0_30_days'
            when scores.recency_days <= 90 then '31_90_days'
            when scores.recency_days <= 180 then '91_180_days'
            when scores.recency_days <= 365 then '181_365_days'
            when scores.recency_days > 365 then 'over_365_days'
            else 'no_visit'
        end as recency_band,
        case
            when summaries.lifetime_net_amount <= 0 then 'none'
            when summaries.lifetime_net_amount < 100 then 'under_100'
            when summaries.lifetime_net_amount < 500 then '100_499'
            when summaries.lifetime_net_amount < 1000 then '500_999'
            else '1000_and_more'
        end as lifetime_net_band,
        -- A family may share an address: the one seen last speaks for it.
        row_number() over (
            partition by golden.email
            order by customers.last_visit_at desc nulls last, customers.customer_id asc nulls last
        ) as place_at_address
    from customers
    inner join golden
        on customers.customer_id = golden.customer_id
    inner join summaries
        on customers.customer_id = summaries.customer_id
    left join scores
        on customers.customer_id = scores.customer_id
    left join locations
        on customers.home_location_id = locations.location_id
)

select
    customer_id,
    email,
    first_name,
    last_name,
    home_location_id,
    home_location_name,
    rfm_segment,
    recency_band,
    lifetime_net_band,
    {{ row_hash([
        'customer_id', 'email', 'first_name', 'last_name', 'home_location_id', 'home_location_name', 'rfm_segment',
        'recency_band', 'lifetime_net_band'
    ]) }} as row_hash
from profiles
where place_at_address = 1
