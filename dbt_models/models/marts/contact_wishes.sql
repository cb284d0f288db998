with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

customers as (
    select * from {{ ref('int_customers_described') }}
),

frequencies as (
    select * from {{ ref('contact_frequencies') }}
),

contacted as (
    select
        customer_id,
        max(last_contacted_on) as last_contacted_on
    from {{ ref('contact_pressure') }}
    group by customer_id
)

select
    customers.customer_id,
    customers.preferred_frequency,
    frequencies.days_between,
    case
        when frequencies.days_between is null then 0
        when frequencies.days_between <= 28 then cast(floor({{ ratio('28', 'frequencies.days_between') }}) as bigint)
        -- Rarer than the window: one contact, once the last lies that far back.
        when contacted.last_contacted_on > {{ add_days('parameters.as_of_date', '-frequencies.days_between') }} then 0
        else 1
    end as wished_contacts_28d,
    parameters.as_of_date
from customers
cross join parameters
inner join frequencies
    on lower(trim(customers.preferred_frequency)) = frequencies.wish
left join contacted
    on customers.customer_id = contacted.customer_id
