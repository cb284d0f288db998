with customers as (
    select * from {{ ref('stg_lake__golden_records') }}
),

summed as (
    select * from {{ ref('int_customers_summed') }}
),

distinct_amounts as (
    select
        net_12m_amount,
        count(*) as customers,
        sum(net_12m_amount) as total_amount
    from summed
    where net_12m_amount > 0
    group by net_12m_amount
),

shares as (
    select
        net_12m_amount,
        sum(customers) over () as everyone,
        {{ ratio(
            'sum(total_amount) over (order by net_12m_amount desc nulls last) - total_amount',
            'sum(total_amount) over ()'
        ) }} as share_before
    from distinct_amounts
),

counted as (
    select coalesce(max(everyone), 0) as everyone
    from shares
)

select
    customers.customer_id,
    summed.net_12m_amount,
    case
        when counted.everyone < 30 then null
        when shares.share_before < 0.80 then 'A'
        when shares.share_before < 0.95 then 'B'
        else 'C'
    end as abc_class
from customers
cross join counted
left join summed
    on customers.customer_id = summed.customer_id
left join shares
    on summed.net_12m_amount = shares.net_12m_amount
