with measures as (
    select * from {{ ref('int_rfm_measures_taken') }}
),

scored as (
    select * from {{ ref('int_rfm_values_scored') }}
),

segments as (
    select * from {{ ref('rfm_segments') }}
),

scores as (
    select
        measures.customer_id,
        measures.recency_days,
        measures.frequency,
        measures.monetary_amount,
        recency.score as r_score,
        frequency.score as f_score,
        monetary.score as m_score,
        measures.as_of_date
    from measures
    inner join scored as recency
        on
            recency.measure = 'recency'
            and measures.recency_days = recency.measured
    inner join scored as frequency
        on
            frequency.measure = 'frequency'
            and measures.frequency = frequency.measured
    inner join scored as monetary
        on
            monetary.measure = 'monetary'
            and measures.monetary_amount = monetary.measured
)

select
    scores.customer_id,
    cast(scores.recency_days as bigint) as recency_days,
    scores.frequency,
    scores.monetary_amount,
    scores.r_score,
    scores.f_score,
    scores.m_score,
    concat_ws(
        '', cast(scores.r_score as string), cast(scores.f_score as string), cast(scores.m_score as string)
    ) as rfm_score,
    segments.rfm_segment,
    scores.as_of_date
from scores
left join segments
    on
        scores.r_score = segments.r_score
        and scores.f_score = segments.f_score
