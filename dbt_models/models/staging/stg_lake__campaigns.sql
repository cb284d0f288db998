with landed as (
    select * from {{ source('lake', 'campaigns') }}
)

select
    landed.campaign_id,
    landed.name as campaign_name,
    landed.channel,
    landed.scope,
    landed.starts_on,
    landed.ends_on,
    landed.cost_amount,
    landed.fund
from landed
