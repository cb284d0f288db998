with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

visited as (
    select * from {{ ref('int_customers_visited') }}
),

windows as (
    select * from {{ ref('int_customer_windows_opened') }}
),

network as (
    select * from {{ ref('int_gaps_measured') }}
),

usual as (
    select
        visited.customer_id,
        visited.visits,
        windows.silence_days,
        network.warn_factor,
        network.lapse_factor,
        -- Shrunk to the network's mean gap with the weight of two gaps.
        round(
            {{ ratio('coalesce(visited.gap_days, 0) + 2 * network.mean_gap_days', 'visited.gaps + 2') }}, 6
        ) as usual_gap_days
    from visited
    inner join windows
        on visited.customer_id = windows.customer_id
    cross join network
),

bounds as (
    select
        usual.customer_id,
        usual.silence_days,
        usual.usual_gap_days,
        case
            when usual.visits >= parameters.churn_min_visits and usual.warn_factor is not null
                then greatest(usual.usual_gap_days * usual.warn_factor, parameters.churn_lapse_min_days - 1)
        end as warn_days,
        case
            when usual.visits >= parameters.churn_min_visits and usual.lapse_factor is not null
                then greatest(usual.usual_gap_days * usual.lapse_factor, parameters.churn_lapse_min_days - 1)
        end as lapse_days
    from usual
    cross join parameters
)

-- An alert that would be given up by now, had it been opened in its time, is history: nobody is told of it.
select
    customer_id,
    silence_days,
    usual_gap_days,
    coalesce(silence_days > lapse_days, false) as is_lapsed,
    coalesce(silence_days > warn_days, false) as is_lapsing,
    coalesce(silence_days - case when silence_days > lapse_days then lapse_days else warn_days end <= 180, false)
        as is_recent
from bounds
