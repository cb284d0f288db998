-- Every pair of scores from 1 to 5 has one segment; a pair left out or named twice comes back.
with scores as (
    select {{ explode_integers(1, 5) }} as score
),

cells as (
    select
        recency.score as r_score,
        frequency.score as f_score
    from scores as recency
    cross join scores as frequency
),

segments as (
    select * from {{ ref('int_rfm_segments_chosen') }}
)

select
    coalesce(cells.r_score, segments.r_score) as r_score,
    coalesce(cells.f_score, segments.f_score) as f_score,
    count(segments.rfm_segment) as segments
from cells
full outer join segments
    on
        cells.r_score = segments.r_score
        and cells.f_score = segments.f_score
group by 1, 2
having count(segments.rfm_segment) <> 1 or count(cells.r_score) = 0
