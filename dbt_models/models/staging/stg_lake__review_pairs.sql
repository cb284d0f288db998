with landed as (
    select * from {{ source('lake', 'review_pairs') }}
)

select
    left_customer_id,
    right_customer_id,
    left_record,
    right_record,
    probability,
    reason,
    first_name_evidence,
    last_name_evidence,
    email_evidence,
    phone_evidence,
    birth_date_evidence,
    home_evidence,
    card_evidence
from landed
