with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

contact_points as (
    select * from {{ ref('stg_lake__contact_points') }}
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

-- A visit confirms the best of each kind: that is where the person is reached.
confirmed as (
    select
        contact_points.*,
        parameters.as_of_date,
        case
            when contact_points.kind = 'email' then parameters.staleness_email_days
            else parameters.staleness_phone_days
        end as staleness_days,
        coalesce(
            greatest(
                contact_points.last_confirmed_on,
                case when contact_points.is_golden then visited.last_visit_date end
            ),
            contact_points.first_seen_on
        ) as confirmed_on
    from contact_points
    cross join parameters
    left join visited
        on contact_points.customer_id = visited.customer_id
),

stated as (
    select
        *,
        case
            when validity <> 'valid' then 'malformed'
            when bounced_on is not null then 'bounced_hard'
            when replaced_on is not null then 'replaced'
            when confirmed_on >= {{ add_days('as_of_date', '-staleness_days') }} then 'confirmed'
            else 'not_confirmed'
        end as status_reason
    from confirmed
)

select
    customer_id,
    kind,
    value,
    engaged_on,
    is_golden,
    status_reason,
    case status_reason
        when 'malformed' then 'invalid'
        when 'bounced_hard' then 'bounced'
        when 'confirmed' then 'valid'
        else 'stale'
    end as status,
    case status_reason
        when 'malformed' then first_seen_on
        when 'bounced_hard' then bounced_on
        when 'replaced' then replaced_on
        when 'confirmed' then confirmed_on
        else {{ add_days('confirmed_on', 'staleness_days + 1') }}
    end as status_since
from stated
