with landed as (
    select * from {{ source('lake', 'customers') }}
)

select
    source_system as source,
    case when customer_id_scope = 'location' then location_id end as location_id,
    source_customer_id,
    created_at,
    updated_at,
    how_heard
from landed
