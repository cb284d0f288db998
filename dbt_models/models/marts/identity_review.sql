with pairs as (
    select * from {{ ref('stg_lake__review_pairs') }}
),

summed as (
    select * from {{ ref('int_customers_summed') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

valued as (
    select
        pairs.*,
        coalesce(lefts.net_12m_amount, 0) + case
            when pairs.left_customer_id = pairs.right_customer_id then 0 else coalesce(rights.net_12m_amount, 0)
        end as value_at_stake_amount
    from pairs
    left join summed as lefts
        on pairs.left_customer_id = lefts.customer_id
    left join summed as rights
        on pairs.right_customer_id = rights.customer_id
),

ranked as (
    select
        *,
        row_number() over (
            order by
                value_at_stake_amount desc nulls last, probability desc nulls last, left_customer_id asc nulls last,
                right_customer_id asc nulls last
        ) as review_rank
    from valued
)

select
    cast(ranked.review_rank as bigint) as review_rank,
    ranked.left_customer_id,
    ranked.right_customer_id,
    ranked.left_record,
    ranked.right_record,
    ranked.probability,
    ranked.reason,
    cast(ranked.value_at_stake_amount as decimal(18, 4)) as value_at_stake_amount,
    ranked.first_name_evidence,
    ranked.last_name_evidence,
    ranked.email_evidence,
    ranked.phone_evidence,
    ranked.birth_date_evidence,
    ranked.home_evidence,
    ranked.card_evidence,
    parameters.as_of_date
from ranked
cross join parameters
where ranked.review_rank <= 200
