with own as (
    select * from {{ ref('stg_lake__rfm_segments') }}
),

seed as (
    select * from {{ ref('rfm_segments') }}
)

select
    r_score,
    f_score,
    rfm_segment,
    segment_rank
from own
union all
select
    r_score,
    f_score,
    rfm_segment,
    segment_rank
from seed
where not exists (select 1 from own)
