with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

signs as (
    select * from {{ ref('int_location_signs_raised') }}
),

previous as (
    select previous.*
    from {{ ref('stg_lake__previous_location_alerts') }} as previous
    inner join parameters
        on previous.opened_on < parameters.as_of_date
),

-- Every run of a day judges it anew, so that it replays: what it opened is not known yet, what it closed is open.
recalled as (
    select
        previous.*,
        coalesce(previous.closed_on >= parameters.as_of_date, true) as is_open
    from previous
    cross join parameters
),

still as (
    select
        recalled.alert_id,
        recalled.location_id,
        recalled.alert_type,
        recalled.identified_share,
        recalled.usual_share,
        recalled.days_late,
        recalled.opened_on,
        case when recalled.is_open and signs.location_id is not null then 'open' else 'closed' end as outcome,
        case
            when not recalled.is_open then recalled.closed_on
            when signs.location_id is null then parameters.as_of_date
        end as closed_on
    from recalled
    cross join parameters
    left join signs
        on
            recalled.location_id = signs.location_id
            and recalled.alert_type = signs.alert_type
),

fresh as (
    select
        md5(concat_ws('|', signs.location_id, signs.alert_type, cast(parameters.as_of_date as string))) as alert_id,
        signs.location_id,
        signs.alert_type,
        signs.identified_share,
        signs.usual_share,
        signs.days_late,
        parameters.as_of_date as opened_on,
        'open' as outcome,
        null as closed_on
    from signs
    cross join parameters
    where
        not exists (
            select 1
            from still
            where
                still.location_id = signs.location_id
                and still.alert_type = signs.alert_type
                and still.outcome = 'open'
        )
),

alerts as (
    select * from still
    union all
    select * from fresh
)

select
    alerts.alert_id,
    alerts.location_id,
    alerts.alert_type,
    alerts.identified_share,
    alerts.usual_share,
    cast(alerts.days_late as bigint) as days_late,
    alerts.opened_on,
    alerts.outcome,
    alerts.closed_on,
    parameters.as_of_date
from alerts
cross join parameters
