with records as (
    select * from {{ ref('stg_lake__order_records') }}
),

checks as (
    select * from {{ ref('int_checks_matched') }}
),

-- Several checks and payments of one order may name somebody: an id counts before a contact, a guest before a payer.
ranked as (
    select
        records.source,
        records.location_id,
        coalesce(checks.order_id, records.order_id) as order_id,
        records.customer_id,
        row_number() over (
            partition by records.source, records.location_id, coalesce(checks.order_id, records.order_id)
            order by
                records.is_contact nulls last, records.is_payer nulls last, records.record_key nulls last,
                records.customer_id nulls last
        ) as place
    from records
    left join checks
        on
            records.source = checks.source
            and records.location_id = checks.location_id
            and records.order_id = checks.check_id
)

select
    source,
    location_id,
    order_id,
    customer_id
from ranked
where place = 1
