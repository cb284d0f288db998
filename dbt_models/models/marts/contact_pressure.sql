with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

-- A till's call that reached nobody is no contact.
contacts as (
    select
        conversations.customer_id,
        coalesce(conversations.sender, 'unnamed') as sender,
        conversations.kind,
        conversations.happened_on,
        {{ days_between('conversations.happened_on', 'parameters.as_of_date') }} < 28 as is_recent
    from {{ ref('int_conversations_attributed') }} as conversations
    cross join parameters
    where
        conversations.kind in ('message_sent', 'message_delivered')
        or (
            conversations.kind = 'action'
            and coalesce(conversations.topic, 'reached') not in ('no_answer', 'wrong_number')
        )
),

counted as (
    select
        customer_id,
        sender,
        count(*) filter (where is_recent and kind = 'message_sent') as sent,
        count(*) filter (where is_recent and kind = 'message_delivered') as delivered,
        count(*) filter (where is_recent and kind = 'action') as actions,
        max(happened_on) as last_contacted_on
    from contacts
    group by customer_id, sender
)

select
    counted.customer_id,
    counted.sender,
    -- A tool tells of one message when it goes out, when it arrives, or both times.
    greatest(counted.sent, counted.delivered) + counted.actions as contacts_28d,
    counted.last_contacted_on,
    parameters.as_of_date
from counted
cross join parameters
