with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

payments as (
    select * from {{ ref('stg_lake__payments') }}
),

checks as (
    select * from {{ ref('int_checks_matched') }}
),

-- What was given back after the as-of date waits, by the location's clock; without a date it counts with its payment.
judged as (
    select
        payments.source,
        payments.location_id,
        coalesce(payments.order_id, checks.order_id, payments.check_id) as order_id,
        payments.amount,
        payments.tip_amount,
        case
            when
                payments.refunded_at is null
                or payments.refunded_at - payments.paid_at
                < try_cast({{ add_days('parameters.as_of_date', 1) }} as timestamp) - payments.paid_local_at
                then abs(payments.refunded_amount)
        end as refunded_amount
    from payments
    cross join parameters
    left join checks
        on
            payments.source = checks.source
            and payments.location_id = checks.location_id
            and case when payments.order_id is null then payments.check_id end = checks.check_id
)

select
    source,
    location_id,
    order_id,
    sum(amount) as paid_amount,
    sum(tip_amount) as tip_amount,
    sum(refunded_amount) as refunded_amount
from judged
where order_id is not null
group by source, location_id, order_id
