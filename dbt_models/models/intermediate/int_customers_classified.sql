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

running as (
    select
        net_12m_amount,
        customers,
        total_amount,
        sum(customers) over (order by net_12m_amount desc nulls last) as customers_so_far,
        sum(total_amount) over (order by net_12m_amount desc nulls last) as amount_so_far,
        sum(customers) over () as everyone,
        sum(total_amount) over () as whole_amount
    from distinct_amounts
),

shares as (
    select
        net_12m_amount,
        everyone,
        customers_so_far - customers as customers_before,
        {{ ratio('amount_so_far - total_amount', 'whole_amount') }} as share_before,
        {{ ratio('amount_so_far', 'whole_amount') }} as cumulative_sales_share
    from running
),

counted as (
    select
        coalesce(max(everyone), 0) as everyone,
        min(net_12m_amount) filter (where share_before < 0.80) as elite_from_amount
    from shares
)

select
    customers.customer_id,
    summed.net_12m_amount,
    shares.cumulative_sales_share,
    case when counted.everyone < 30 then 'under_30_customers' end as unclassified_reason,
    case
        when counted.everyone < 30 then null
        when shares.share_before < 0.80 then 'A'
        when shares.share_before < 0.95 then 'B'
        else 'C'
    end as abc_class,
    -- The top tenth, rounded up: whoever has fewer than that many customers before them.
    case
        when counted.everyone >= 30
            then coalesce(shares.customers_before < ceil({{ ratio('counted.everyone', 10) }}), false)
    end as is_most_valuable,
    case
        when counted.everyone >= 30
            then greatest(counted.elite_from_amount - coalesce(summed.net_12m_amount, 0), 0)
    end as gap_to_elite_amount
from customers
cross join counted
left join summed
    on customers.customer_id = summed.customer_id
left join shares
    on summed.net_12m_amount = shares.net_12m_amount
