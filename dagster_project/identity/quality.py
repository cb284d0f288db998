"""Quality without truth: what tonight's ids look like, as numbers to hold against yesterday's."""

import duckdb

from dagster_project.identity.comparable import comparable_postal_code
from dagster_project.identity.weightless import MAX_NAMES

QUALITY = "identity_quality.parquet"
MAX_GIVEN_NAMES, MAX_SURNAMES, MAX_POSTAL_CODES = 3, 3, 5


def measure_quality(con: duckdb.DuckDBPyConnection) -> None:
    """Table `quality`, one row: as_of_date, customers, over_merged_share (ids of more than 3 given names, 3 surnames or
    5 postal codes), shared_identifiers, id_survival (yesterday's ids that still live, of those whose records are
    there), consolidation_rate (records that found another, as 1 - customers / records), cluster_density (ties held of
    ties possible, in customers of three records and more).

    Needs `observed`, `records`, `names`, `identifiers`, `people`, `ties`, `edges` and `registry`.
    """
    con.execute(
        f"""create temp table quality as
            with said as (
                select p.customer_id, count(distinct n.first_key) filter (length(n.first_key) > 1) as given_names,
                       count(distinct n.last_key) filter (length(n.last_key) > 1) as surnames
                from people p join names n using (record_no) group by 1),
            homes as (
                select p.customer_id, count(distinct {comparable_postal_code("postal_code")}) as postal_codes
                from people p join observed o using (record_no) group by 1),
            over_merged as (
                select count(*) as ids from said join homes using (customer_id)
                where given_names > {MAX_GIVEN_NAMES} or surnames > {MAX_SURNAMES}
                   or postal_codes > {MAX_POSTAL_CODES}),
            crowded as (
                select count(*) as identifiers from (
                    select phone as value from observed join names using (record_no) where phone_validity = 'valid'
                    group by phone having count(distinct first_key || ' ' || last_key) > {MAX_NAMES}
                    union all
                    select email from observed join names using (record_no) where email_validity = 'valid'
                    group by email having count(distinct first_key || ' ' || last_key) > {MAX_NAMES})),
            before as (
                select distinct customer_id from registry join records using (record_key) where valid_to is null),
            survived as (
                select count(*) as ids, count(*) filter (customer_id in (select customer_id from people)) as living
                from before),
            sizes as (select customer_id, count(*) as records from people group by 1),
            linked as (
                select p.customer_id, count(distinct (least(a, b), greatest(a, b))) as links
                from (select record_no as a, leader_no as b from ties where record_no <> leader_no
                      union all select record_l, record_r from edges where is_taken) t
                join people p on p.record_no = t.a group by 1),
            dense as (
                select avg(least(1, 2.0 * coalesce(links, 0) / (records * (records - 1)))) as density
                from sizes left join linked using (customer_id) where records > 2)
            select run.as_of_date, (select count(*) from sizes) as customers,
                   coalesce(over_merged.ids / nullif((select count(*) from sizes), 0), 0)::double as over_merged_share,
                   crowded.identifiers as shared_identifiers,
                   coalesce(survived.living / nullif(survived.ids, 0), 1)::double as id_survival,
                   coalesce(1 - (select count(*) from sizes) / nullif((select count(*) from people), 0), 0)::double
                       as consolidation_rate,
                   coalesce(dense.density, 1)::double as cluster_density
            from run, over_merged, crowded, survived, dense"""
    )
