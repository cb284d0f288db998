with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

conversations as (
    select
        conversations.*,
        {{ days_between('conversations.happened_on', 'parameters.as_of_date') }} as age_days,
        row_number() over (
            partition by
                conversations.customer_id,
                case
                    when conversations.kind in ('message_sent', 'message_delivered') then 'message'
                    else conversations.kind
                end,
                conversations.campaign_id is null,
                conversations.score is null
            order by
                conversations.happened_at desc nulls last, conversations.campaign_id desc nulls last,
                conversations.score desc nulls last
        ) as newest_rank
    from {{ ref('int_conversations_attributed') }} as conversations
    cross join parameters
),

cases as (
    select
        customer_id,
        max(opened_at) as last_case_at,
        count(*) filter (where is_open) as open_cases
    from {{ ref('int_cases_attributed') }}
    group by customer_id
),

counted as (
    select
        customer_id,
        max(score) filter (where kind = 'survey_answered' and newest_rank = 1) as last_survey_score,
        max(campaign_id) filter (
            where kind in ('message_sent', 'message_delivered') and newest_rank = 1
        ) as last_campaign_id,
        count(*) filter (where kind = 'message_opened' and channel = 'email' and age_days < 90) as email_opens_90d,
        count(*) filter (where kind = 'message_clicked' and channel = 'email' and age_days < 90) as email_clicks_90d,
        -- Whoever reports deliveries alone has sent as much at least.
        greatest(
            count(*) filter (where kind = 'message_sent' and channel = 'email' and age_days < 365),
            count(*) filter (where kind = 'message_delivered' and channel = 'email' and age_days < 365)
        ) + count(*) filter (where kind = 'action' and channel = 'email' and age_days < 365) as emails_12m,
        greatest(
            count(*) filter (where kind = 'message_sent' and channel = 'phone' and age_days < 365),
            count(*) filter (where kind = 'message_delivered' and channel = 'phone' and age_days < 365)
        ) + count(*) filter (where kind = 'action' and channel = 'phone' and age_days < 365) as texts_12m,
        count(*) filter (where kind = 'action' and channel = 'call' and age_days < 365) as calls_12m,
        count(*) filter (where channel = 'case' and age_days < 365) as cases_12m
    from conversations
    group by customer_id
)

select
    counted.customer_id,
    cases.last_case_at,
    coalesce(cases.open_cases, 0) as open_cases,
    counted.last_survey_score,
    counted.last_campaign_id,
    counted.email_opens_90d,
    counted.email_clicks_90d,
    cast(
        counted.emails_12m * parameters.costs_email
        + counted.texts_12m * parameters.costs_sms
        + counted.calls_12m * parameters.costs_call
        + counted.cases_12m * parameters.costs_case as decimal(18, 4)
    ) as service_cost_12m_amount
from counted
cross join parameters
left join cases
    on counted.customer_id = cases.customer_id
