with lines as (
    select * from {{ ref('fct_order_lines') }}
    where kind = 'sale' and product_id is not null
),

orders as (
    select * from {{ ref('int_order_customers_found') }}
),

products as (
    select * from {{ ref('int_products_listed') }}
),

bought as (
    select
        orders.customer_id,
        lines.product_id,
        sum(lines.quantity) as quantity,
        sum(lines.net_amount) as net_amount
    from lines
    inner join orders
        on
            lines.source = orders.source
            and lines.location_id = orders.location_id
            and lines.order_id = orders.order_id
    group by orders.customer_id, lines.product_id
),

by_category as (
    select
        bought.customer_id,
        products.category,
        sum(bought.quantity) as quantity,
        sum(bought.net_amount) as net_amount
    from bought
    inner join products
        on bought.product_id = products.product_id
    where products.category is not null
    group by bought.customer_id, products.category
),

ranked_products as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by quantity desc nulls last, net_amount desc nulls last, product_id asc nulls last
        ) as place
    from bought
),

ranked_categories as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by quantity desc nulls last, net_amount desc nulls last, category asc nulls last
        ) as place
    from by_category
)

select
    ranked_products.customer_id,
    ranked_products.product_id as favourite_product_id,
    ranked_categories.category as favourite_category
from ranked_products
left join ranked_categories
    on
        ranked_products.customer_id = ranked_categories.customer_id
        and ranked_categories.place = 1
where ranked_products.place = 1
