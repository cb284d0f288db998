with identities as (
    select * from {{ ref('stg_lake__customer_identities') }}
),

living as (
    select * from identities
    where valid_to is null
),

-- Where a retired id was divided, the customer who holds most of its records inherits it.
heirs as (
    select
        retired.customer_id,
        living.customer_id as living_customer_id,
        count(*) as records
    from identities as retired
    inner join living
        on retired.record_key = living.record_key
    where
        retired.valid_to is not null
        and not exists (
            select 1
            from living as still
            where still.customer_id = retired.customer_id
        )
    group by retired.customer_id, living.customer_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by records desc nulls last, living_customer_id asc nulls last
        ) as place
    from heirs
)

select
    customer_id,
    living_customer_id
from ranked
where place = 1
