with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

curves as (
    select * from {{ ref('int_returns_estimated') }}
),

marks as (
    select 7 as day_mark
    union all
    select 14 as day_mark
    union all
    select 30 as day_mark
    union all
    select 60 as day_mark
    union all
    select 90 as day_mark
    union all
    select 180 as day_mark
    union all
    select 365 as day_mark
),

cohorts as (
    select
        scope,
        cohort_quarter,
        max(customers) as customers,
        max(known_since_data_began_share) as known_since_data_began_share
    from curves
    group by scope, cohort_quarter
),

-- The state of each curve on each mark: its last step until then, and who was still under observation on the day.
marked as (
    select
        cohorts.scope,
        cohorts.cohort_quarter,
        marks.day_mark,
        cohorts.customers,
        cohorts.known_since_data_began_share,
        cohorts.customers - coalesce(
            sum(curves.leaving) filter (where curves.days < marks.day_mark), 0
        ) as at_risk,
        coalesce(sum(curves.came_back) filter (where curves.days <= marks.day_mark), 0) as returned,
        min(curves.share_away) filter (where curves.days <= marks.day_mark) as share_away,
        max(curves.variance) filter (where curves.days <= marks.day_mark) as variance
    from cohorts
    cross join marks
    inner join curves
        on
            cohorts.scope = curves.scope
            and cohorts.cohort_quarter = curves.cohort_quarter
    group by
        cohorts.scope, cohorts.cohort_quarter, marks.day_mark, cohorts.customers, cohorts.known_since_data_began_share
),

-- Log-log interval (Kalbfleisch & Prentice) at 95%; it has no width to tell of at 0 or 1.
spread as (
    select
        *,
        coalesce(share_away, 1) as share_still_away,
        case
            when share_away > 0 and share_away < 1 then 1.959964 * {{ ratio('sqrt(variance)', 'abs(ln(share_away))') }}
        end as width
    from marked
)

select
    spread.scope,
    spread.cohort_quarter,
    cast(spread.day_mark as integer) as day_mark,
    cast(spread.customers as bigint) as customers,
    cast(spread.at_risk as bigint) as at_risk,
    cast(spread.returned as bigint) as returned,
    case when spread.at_risk >= 20 then round(1 - spread.share_still_away, 9) end as second_visit_rate,
    case when spread.at_risk >= 20 then round(1 - power(spread.share_away, exp(-spread.width)), 9) end as ci_low,
    case when spread.at_risk >= 20 then round(1 - power(spread.share_away, exp(spread.width)), 9) end as ci_high,
    spread.known_since_data_began_share,
    parameters.as_of_date
from spread
cross join parameters
