with products as (
    select * from {{ ref('int_products_listed') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    products.product_id,
    products.product_name,
    products.category,
    products.unit_cost_amount,
    products.replenish_days,
    products.warranty_months,
    products.is_in_catalogue,
    parameters.as_of_date
from products
cross join parameters
