with homes as (
    select * from {{ ref('int_homes_dated') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    homes.customer_id,
    homes.location_id,
    homes.valid_from,
    homes.valid_to,
    parameters.as_of_date
from homes
cross join parameters
