with landed as (
    select * from {{ source('lake', 'products') }}
)

select
    product_id,
    name as product_name,
    category,
    unit_cost as unit_cost_amount,
    list_price as list_price_amount,
    replenish_days,
    warranty_months
from landed
