with catalogue as (
    select * from {{ ref('stg_lake__products') }}
),

lines as (
    select * from {{ ref('fct_order_lines') }}
),

sold as (
    select
        product_id,
        max(product_name) as product_name,
        max(category) as category
    from lines
    where product_id is not null
    group by product_id
)

select
    catalogue.unit_cost_amount,
    catalogue.replenish_days,
    catalogue.warranty_months,
    coalesce(catalogue.product_id, sold.product_id) as product_id,
    coalesce(catalogue.product_name, sold.product_name) as product_name,
    coalesce(catalogue.category, sold.category) as category,
    catalogue.product_id is not null as is_in_catalogue
from catalogue
full outer join sold
    on catalogue.product_id = sold.product_id
