with redirects as (
    select * from {{ ref('stg_lake__retired_ids') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    redirects.customer_id,
    redirects.living_customer_id,
    parameters.as_of_date
from redirects
cross join parameters
