with landed as (
    select * from {{ source('lake', 'rfm_segments') }}
)

select
    r_score,
    f_score,
    rfm_segment,
    segment_rank
from landed
