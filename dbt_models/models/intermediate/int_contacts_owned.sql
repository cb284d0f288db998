with contact_points as (
    select * from {{ ref('stg_lake__contact_points') }}
),

-- A shared address answers for whom it is the best one of, then whoever confirmed it last.
ranked as (
    select
        *,
        row_number() over (
            partition by kind, value
            order by is_golden desc nulls last, last_confirmed_on desc nulls last, customer_id asc nulls last
        ) as place
    from contact_points
)

select
    kind as contact_kind,
    value as contact,
    customer_id
from ranked
where place = 1
