with months as (
    select * from {{ ref('int_rfm_months_listed') }}
),

history as (
    select * from {{ ref('int_rfm_months_scored') }}
),

-- A month moves against the one before it: both must be as they were for its rows to be kept.
moving as (
    select
        month_end,
        previous_month_end
    from months
    where previous_month_end is not null and not (is_kept and is_previous_kept)
),

before as (
    select
        moving.month_end,
        moving.previous_month_end,
        history.customer_id,
        history.rfm_segment,
        history.monetary_amount
    from moving
    inner join history
        on moving.previous_month_end = history.month_end
),

after as (
    select
        moving.month_end,
        moving.previous_month_end,
        history.customer_id,
        history.rfm_segment,
        history.recency_days,
        history.frequency,
        history.monetary_amount
    from moving
    inner join history
        on moving.month_end = history.month_end
)

-- Many customers, few values: who moved alike with the same recency and frequency is explained once.
select
    coalesce(after.month_end, before.month_end) as month_end,
    coalesce(after.previous_month_end, before.previous_month_end) as previous_month_end,
    before.rfm_segment as from_segment,
    after.rfm_segment as to_segment,
    after.recency_days,
    after.frequency,
    count(*) as customers,
    sum(coalesce(after.monetary_amount, before.monetary_amount)) as net_amount
from after
full outer join before
    on
        after.month_end = before.month_end
        and after.customer_id = before.customer_id
group by
    coalesce(after.month_end, before.month_end),
    coalesce(after.previous_month_end, before.previous_month_end),
    before.rfm_segment,
    after.rfm_segment,
    after.recency_days,
    after.frequency
