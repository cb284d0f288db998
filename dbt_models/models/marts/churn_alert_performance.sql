with alerts as (
    select * from {{ ref('churn_alerts') }}
),

-- An alert speaks once its 60 days are over; one that a graver took over or whose customer moved says nothing.
ripe as (
    select
        alert_type,
        is_holdout,
        acted_at is not null as is_acted,
        coalesce(
            outcome = 'recovered' and {{ days_between('opened_on', 'closed_on') }} <= 60, false
        ) as is_recovered,
        try_cast(date_trunc('month', opened_on) as date) as opened_month,
        as_of_date
    from alerts
    where
        {{ days_between('opened_on', 'as_of_date') }} >= 60
        and outcome not in ('superseded', 'moved')
),

scopes as (
    select
        *,
        'month' as scope
    from ripe
    union all
    select
        alert_type,
        is_holdout,
        is_acted,
        is_recovered,
        null as opened_month,
        as_of_date,
        'cumulative' as scope
    from ripe
),

counted as (
    select
        alert_type,
        scope,
        opened_month,
        as_of_date,
        count(*) filter (where not is_holdout) as treated,
        count(*) filter (where not is_holdout and is_acted) as acted,
        count(*) filter (where is_holdout) as held_out,
        count(*) filter (where not is_holdout and is_recovered) as recovered_treated,
        count(*) filter (where not is_holdout and is_acted and is_recovered) as recovered_acted,
        count(*) filter (where is_holdout and is_recovered) as recovered_held_out
    from scopes
    group by alert_type, scope, opened_month, as_of_date
),

rates as (
    select
        *,
        {{ ratio('recovered_treated', 'treated') }} as p1,
        {{ ratio('recovered_held_out', 'held_out') }} as p2
    from counted
),

-- Wilson's limits of each rate, and from them Newcombe's of the difference (Newcombe 1998, method 10).
bounded as (
    select
        *,
        {{ wilson_limit('p1', 'treated', '-') }} as l1,
        {{ wilson_limit('p1', 'treated', '+') }} as u1,
        {{ wilson_limit('p2', 'held_out', '-') }} as l2,
        {{ wilson_limit('p2', 'held_out', '+') }} as u2
    from rates
),

-- Alerts in all for a verdict at 5% with 80% power, if the rates are as seen and are held out in the same proportion.
powered as (
    select
        *,
        {{ ratio(
            '7.849 * (' ~ ratio('p1 * (1 - p1) * (treated + held_out)', 'treated')
            ~ ' + ' ~ ratio('p2 * (1 - p2) * (treated + held_out)', 'held_out') ~ ')',
            '(p1 - p2) * (p1 - p2)'
        ) }} as alerts_for_verdict
    from bounded
)

select
    alert_type,
    scope,
    opened_month,
    treated,
    acted,
    held_out,
    recovered_treated,
    recovered_acted,
    recovered_held_out,
    p1 as treated_recovery_rate,
    p2 as held_out_recovery_rate,
    p1 - p2 as incremental_recovery_rate,
    p1 - p2 - sqrt((p1 - l1) * (p1 - l1) + (u2 - p2) * (u2 - p2)) as ci_low,
    p1 - p2 + sqrt((u1 - p1) * (u1 - p1) + (p2 - l2) * (p2 - l2)) as ci_high,
    case
        when alerts_for_verdict is not null
            then cast(greatest(ceil(alerts_for_verdict) - treated - held_out, 0) as bigint)
    end as alerts_needed,
    as_of_date
from powered
