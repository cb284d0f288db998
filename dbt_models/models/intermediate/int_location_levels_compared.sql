with days as (
    select * from {{ ref('int_location_days_listed') }}
),

locations as (
    select * from {{ ref('int_locations_listed') }}
),

parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

-- Days are told by their age: 0 is the last day the location's data covers.
aged as (
    select
        days.*,
        {{ days_between('days.date_day', 'coalesce(locations.data_through_date, locations.as_of_date)') }} as age,
        {{ days_between('days.first_date', 'coalesce(locations.data_through_date, locations.as_of_date)') }} as history,
        parameters.churn_recent_days as recent,
        parameters.churn_recent_days + parameters.churn_baseline_days as whole
    from days
    inner join locations
        on days.location_id = locations.location_id
    cross join parameters
),

-- Shares are told by the days on which the till told who bought, the season by all days of a year before.
placed as (
    select
        *,
        age < recent and blind_days = 0 as is_recent,
        age >= recent and age < whole and blind_days = 0 as is_usual,
        age < 28 and blind_days = 0 as is_late,
        age - 365 >= 0 and age - 365 < recent as was_recent,
        age - 365 >= recent and age - 365 < whole as was_usual
    from aged
),

summed as (
    select
        location_id,
        {% for window in ['recent', 'usual', 'late'] %}
        sum(orders) filter (where is_{{ window }}) as {{ window }}_orders,
        sum(identified_orders) filter (where is_{{ window }}) as {{ window }}_identified,
        {{ ratio(
            'sum(identified_amount) filter (where is_' ~ window ~ ')',
            'sum(net_amount) filter (where is_' ~ window ~ ')'
        ) }} as {{ window }}_share,
        {% endfor %}
        {% for window in ['recent', 'usual'] %}
        {{ ratio(
            'sum(net_amount) filter (where was_' ~ window ~ ')',
            'sum(1 - outage_days) filter (where was_' ~ window ~ ')'
        ) }} as {{ window }}_level_last_year,
        {% endfor %}
        sum(orders) filter (where was_recent) as orders_last_year,
        max(blind_days) filter (where age = 0) as is_blind,
        max(history) as history
    from placed
    group by location_id
),

-- Both indices are the baseline's level over the recent one's: above 1 where less is to be expected now.
-- A better capture shows new people, it does not make known ones buy more: that index never falls below 1, or known
-- customers who buy as ever would be called declining wherever a loyalty programme grows.
indices as (
    select
        location_id,
        recent_share,
        usual_share,
        -- Nobody is told any more, or a quarter or more fewer. A fall of this month does not show in the whole window
        -- yet, but in the silence of customers.
        case
            when is_blind = 1 and usual_share > 0 then 0.0
            {% for window in ['recent', 'late'] %}
            when
                {{ share_fell(
                    window ~ '_share', window ~ '_identified', window ~ '_orders',
                    'usual_share', 'usual_identified', 'usual_orders'
                ) }}
                then {{ window }}_share
            {% endfor %}
        end as fallen_share,
        case
            when recent_share > 0 then greatest(coalesce({{ ratio('usual_share', 'recent_share') }}, 1), 1)
            when coalesce(usual_share, 0) = 0 then 1
        end as identified_index,
        case
            when history >= 730 and orders_last_year >= 100
                then coalesce({{ ratio('usual_level_last_year', 'recent_level_last_year') }}, 1)
            else 1
        end as seasonal_index
    from summed
)

select
    location_id,
    recent_share,
    usual_share,
    fallen_share,
    fallen_share is not null as has_capture_drop,
    identified_index,
    seasonal_index,
    identified_index * seasonal_index as level_index
from indices
