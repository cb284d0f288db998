with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

customers as (
    select * from {{ ref('stg_lake__golden_records') }}
),

signups as (
    select
        records.customer_id,
        signups.signed_up_at,
        coalesce(signups.signed_up_local_at, signups.signed_up_at) as signed_up_local_at,
        signups.location_id,
        signups.campaign_id
    from {{ ref('stg_lake__signups') }} as signups
    inner join {{ ref('stg_lake__signup_records') }} as records
        on
            signups.source = records.source
            and signups.signup_id = records.signup_id
),

interactions as (
    select
        customer_id,
        ordered_at as happened_at,
        case when is_refund_only then 'refund' else 'order' end as kind,
        location_id,
        concat_ws(' ', 'net', cast(cast(net_amount as decimal(18, 2)) as string), channel) as summary
    from {{ ref('fct_orders') }}
    where customer_id is not null and not is_void_only
    union all
    select
        conversations.customer_id,
        conversations.happened_at,
        conversations.kind,
        conversations.location_id,
        concat_ws(
            ', ',
            conversations.topic,
            conversations.campaign_id,
            case when conversations.score is not null then 'score ' || cast(conversations.score as string) end
        ) as summary
    from {{ ref('int_conversations_attributed') }} as conversations
    union all
    select
        signups.customer_id,
        signups.signed_up_at as happened_at,
        'signup' as kind,
        signups.location_id,
        coalesce(signups.campaign_id, '') as summary
    from signups
    inner join parameters
        on try_cast(signups.signed_up_local_at as date) <= parameters.as_of_date
)

select
    interactions.customer_id,
    cast(row_number() over (
        partition by interactions.customer_id
        order by
            interactions.happened_at desc nulls last, interactions.kind asc nulls last,
            interactions.location_id asc nulls last, interactions.summary asc nulls last
    ) as bigint) as newest_rank,
    interactions.happened_at as at,
    interactions.kind,
    interactions.location_id,
    interactions.summary,
    parameters.as_of_date
from interactions
cross join parameters
inner join customers
    on interactions.customer_id = customers.customer_id
