with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

summed as (
    select * from {{ ref('int_customers_summed') }}
),

services as (
    select * from {{ ref('int_conversations_summed') }}
),

lines as (
    select * from {{ ref('fct_order_lines') }}
    where kind = 'sale'
),

order_customers as (
    select * from {{ ref('int_order_customers_found') }}
),

products as (
    select * from {{ ref('int_products_listed') }}
    where unit_cost_amount is not null
),

-- Sold lines of known cost earn what they cost less; refunds and all the rest earn the network's margin.
costed as (
    select
        order_customers.customer_id,
        sum(lines.net_amount) as net_amount,
        sum(lines.quantity * products.unit_cost_amount) as cost_amount
    from lines
    inner join parameters
        on lines.business_date > {{ add_days('parameters.as_of_date', -365) }}
    inner join products
        on lines.product_id = products.product_id
    inner join order_customers
        on
            lines.source = order_customers.source
            and lines.location_id = order_customers.location_id
            and lines.order_id = order_customers.order_id
    group by order_customers.customer_id
),

earned as (
    select
        coalesce(summed.customer_id, services.customer_id) as customer_id,
        coalesce(summed.net_12m_amount, 0) as net_amount,
        coalesce(costed.net_amount, 0) as costed_net_amount,
        coalesce(costed.cost_amount, 0) as cost_amount,
        coalesce(services.service_cost_12m_amount, 0) as service_cost_amount
    from summed
    full outer join services
        on summed.customer_id = services.customer_id
    left join costed
        on summed.customer_id = costed.customer_id
)

select
    earned.customer_id,
    earned.service_cost_amount as service_cost_12m_amount,
    cast(
        (earned.net_amount - earned.costed_net_amount) * parameters.value_margin
        + earned.costed_net_amount - earned.cost_amount - earned.service_cost_amount as decimal(18, 4)
    ) as contribution_12m_amount
from earned
cross join parameters
