with audit as (
    select * from {{ ref('stg_lake__golden_record_audit') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
)

select
    audit.customer_id,
    audit.field,
    audit.rule,
    audit.source_record_key,
    audit.losers,
    parameters.as_of_date
from audit
cross join parameters
