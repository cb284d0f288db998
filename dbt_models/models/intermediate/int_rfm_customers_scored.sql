with measures as (
    select * from {{ ref('int_rfm_measures_taken') }}
),

scored as (
    select * from {{ ref('int_rfm_values_scored') }}
),

segments as (
    select * from {{ ref('int_rfm_segments_chosen') }}
)

select
    measures.scored_on,
    measures.customer_id,
    measures.recency_days,
    measures.frequency,
    measures.monetary_amount,
    recency.score as r_score,
    frequency.score as f_score,
    monetary.score as m_score,
    segments.rfm_segment
from measures
inner join scored as recency
    on
        recency.measure = 'recency'
        and measures.scored_on = recency.scored_on
        and measures.recency_days = recency.measured
inner join scored as frequency
    on
        frequency.measure = 'frequency'
        and measures.scored_on = frequency.scored_on
        and measures.frequency = frequency.measured
inner join scored as monetary
    on
        monetary.measure = 'monetary'
        and measures.scored_on = monetary.scored_on
        and measures.monetary_amount = monetary.measured
left join segments
    on
        recency.score = segments.r_score
        and frequency.score = segments.f_score
