with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

orders as (
    select
        orders.customer_id,
        orders.location_id,
        orders.net_amount
    from {{ ref('fct_orders') }} as orders
    inner join parameters
        on orders.business_date > {{ add_days('parameters.as_of_date', -365) }}
    where orders.customer_id is not null
),

spenders as (
    select
        'network' as scope,
        customer_id,
        sum(net_amount) as net_amount
    from orders
    group by customer_id
    union all
    select
        location_id as scope,
        customer_id,
        sum(net_amount) as net_amount
    from orders
    group by location_id, customer_id
),

-- Equal amounts are one step of the curve: it is the same in whatever order they stand.
steps as (
    select
        scope,
        net_amount,
        count(*) as customers,
        sum(net_amount) as step_amount
    from spenders
    where net_amount > 0
    group by scope, net_amount
),

running as (
    select
        *,
        sum(customers) over from_the_top - customers as customers_before,
        sum(step_amount) over from_the_top - step_amount as amount_before,
        sum(customers) over (partition by scope) as everyone,
        sum(step_amount) over (partition by scope) as whole_amount,
        ceil({{ ratio('sum(customers) over (partition by scope)', 10) }}) as top_customers
    from steps
    window from_the_top as (partition by scope order by net_amount desc nulls last)
),

parts as (
    select
        scope,
        everyone,
        whole_amount,
        -- Customers of this step among the fewest who bring 80%, and its sales within the top tenth.
        least(customers, greatest(0, ceil(
            {{ ratio('0.8 * whole_amount - amount_before', 'net_amount') }}
        ))) as customers_for_80,
        least(customers, greatest(0, top_customers - customers_before)) * net_amount as amount_in_top,
        cast(step_amount as double) * (everyone - 2 * customers_before - customers) as lorenz_part
    from running
)

select
    parts.scope,
    cast(parts.everyone as bigint) as customers,
    case when parts.everyone >= 30 then {{ ratio('sum(parts.customers_for_80)', 'parts.everyone') }} end
        as customers_share_for_80pct_sales,
    case when parts.everyone >= 30 then {{ ratio('sum(parts.amount_in_top)', 'parts.whole_amount') }} end
        as sales_share_of_top_10pct,
    case
        when parts.everyone >= 30
            then round({{ ratio('sum(parts.lorenz_part)', 'parts.everyone * parts.whole_amount') }}, 9)
    end as gini,
    case when parts.everyone < 30 then 'under_30_customers' end as unmeasured_reason,
    parameters.as_of_date
from parts
cross join parameters
group by parts.scope, parts.everyone, parts.whole_amount, parameters.as_of_date
