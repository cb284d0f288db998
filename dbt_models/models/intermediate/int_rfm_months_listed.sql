with parameters as (
    select * from {{ ref('stg_lake__parameters') }}
),

full_months as (
    select * from {{ ref('int_full_months_found') }}
),

homes as (
    select * from {{ ref('int_home_locations_chosen') }}
),

segments as (
    select * from {{ ref('int_rfm_segments_chosen') }}
),

previous as (
    select * from {{ ref('stg_lake__previous_rfm_months') }}
),

-- Where a home location's data ends before the month does, recency is counted to there.
behind as (
    select
        full_months.month_end,
        sum({{ row_fingerprint('homes.customer_id, homes.data_through_date') }}) as homes_fingerprint
    from full_months
    inner join homes
        on full_months.month_end > homes.data_through_date
    group by full_months.month_end
),

rules as (
    select
        concat_ws(
            '|',
            parameters.rfm_method,
            coalesce(cast(parameters.rfm_window_days as string), ''),
            {% for name in ['recency_days', 'frequency', 'monetary'] -%}
            {% for number in [1, 2, 3, 4] -%}
            coalesce(cast(parameters.rfm_{{ name }}_{{ number }} as string), ''),
            {% endfor %}{% endfor -%}
            cast(map_fingerprint.fingerprint as string)
        ) as rules
    from parameters
    cross join (
        select sum({{ row_fingerprint('r_score, f_score, rfm_segment, segment_rank') }}) as fingerprint
        from segments
    ) as map_fingerprint
),

months as (
    select
        full_months.month_end,
        full_months.month_number,
        md5(concat_ws(
            '|',
            rules.rules,
            cast(full_months.orders_fingerprint as string),
            coalesce(cast(behind.homes_fingerprint as string), '')
        )) as fingerprint
    from full_months
    cross join rules
    left join behind
        on full_months.month_end = behind.month_end
    where full_months.month_number >= 3
)

select
    months.month_end,
    months.fingerprint,
    lag(months.month_end) over (order by months.month_end nulls last) as previous_month_end,
    previous.month_end is not null as is_kept,
    lag(previous.month_end is not null) over (order by months.month_end nulls last) as is_previous_kept
from months
left join previous
    on
        months.month_end = previous.month_end
        and months.fingerprint = previous.fingerprint
