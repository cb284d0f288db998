with landed as (
    select * from {{ source('lake', 'holdout_rule') }}
)

select
    salt,
    below
from landed
