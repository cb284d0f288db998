"""What happens to ids: merges, splits and withdrawals; and the ids a withdrawn decision gives back.

While a decision stands, the ids its records had before it are kept as state (former_ids). When it is
withdrawn those ids have the votes, so that everybody is again who they were.
"""

from pathlib import Path

import duckdb

from dagster_project.errors import IdentityError

FORMER_IDS = "former_ids.parquet"
EVENTS = "identity_events.parquet"
# How a night tells each event that a steward caused.
TOLD = {
    "merge": "a merge took effect",
    "split": "a separation took effect",
    "withdrawal": "a withdrawal took effect",
}
FORMER_COLUMNS = "decision_key varchar, record_key varchar, customer_id varchar"
EVENT_COLUMNS = """event_no bigint, event varchar, from_customer_id varchar, to_customer_id varchar, reason varchar,
    records bigint, as_of_date date"""


def load_events(con: duckdb.DuckDBPyConnection, former: Path | None, events: Path | None) -> None:
    """Tables `former_ids`, `events_before` and `restored` (record_key, customer_id: what a withdrawal gives back).

    Needs `decided`. Raises IdentityError when a file of the state cannot be read.
    """
    for table, columns, path in (("former_ids", FORMER_COLUMNS, former), ("events_before", EVENT_COLUMNS, events)):
        con.execute(f"create temp table {table} ({columns})")
        if path is not None:
            try:
                con.execute(f"insert into {table} by name select * from read_parquet(?)", [str(path)])
            except duckdb.Error as error:
                raise IdentityError(f"{path}: not readable; restore it from a backup") from error
    con.execute(
        """create temp table standing as
           select md5(concat_ws('|', decision, left_key, right_key, decided_at)) as decision_key, left_no, right_no
           from decided where decision <> 'withdraw'"""
    )
    con.execute(
        """create temp table restored as
           select record_key, min_by(customer_id, decision_key) as customer_id from former_ids
           where decision_key not in (select decision_key from standing) group by record_key"""
    )


def remember_ids(con: duckdb.DuckDBPyConnection) -> None:
    """Table `former_ids_now`: of every standing decision, the ids its records had before it first counted."""
    con.execute(
        """create temp table former_ids_now as
           with fresh as (
               select * from standing where decision_key not in (select decision_key from former_ids)),
           touched as (
               select distinct f.decision_key, c.cluster_no from fresh f
               join clusters c on c.record_no in (f.left_no, f.right_no))
           select * from former_ids where decision_key in (select decision_key from standing)
           union all
           select t.decision_key, r.record_key, g.customer_id
           from touched t join clusters c using (cluster_no) join records r using (record_no)
           join registry g on g.record_key = r.record_key and g.valid_to is null"""
    )


def tell_events(con: duckdb.DuckDBPyConnection) -> None:
    """Table `events_now`: the events before, and those of this run. Needs `registry`, `people` and `restored`."""
    con.execute(
        """create temp table events_now as
           with before as (select record_key, customer_id from registry where valid_to is null),
           now_known as (
               select r.record_key, p.customer_id, p.match_rule,
                      s.record_key is not null as is_restored,
                      r.record_no in (select unnest([left_no, right_no]) from standing) as is_decided
               from people p join records r using (record_no) left join restored s using (record_key)),
           moved as (
               select b.customer_id as from_customer_id, n.customer_id as to_customer_id, count(*) as records,
                      bool_or(is_restored) as is_withdrawn, bool_or(is_decided) as is_decided,
                      min(n.match_rule) as match_rule
               from before b join now_known n using (record_key)
               where b.customer_id <> n.customer_id group by all),
           told as (
               select case when is_withdrawn then 'withdrawal'
                           when from_customer_id not in (select customer_id from now_known)
                                and to_customer_id in (select customer_id from before)
                                and row_number() over (partition by from_customer_id
                                                       order by records desc, to_customer_id) = 1
                           then 'merge' else 'split' end as event, *
               from moved)
           select * from events_before
           union all
           select (select coalesce(max(event_no), 0) from events_before)
                  + row_number() over (order by event, from_customer_id, to_customer_id) as event_no,
                  event, from_customer_id, to_customer_id,
                  case when is_withdrawn then 'decision_withdrawn' when is_decided then 'decision'
                       when event = 'merge' then match_rule else 'records_changed' end as reason,
                  records, (select as_of_date from run) as as_of_date
           from told"""
    )


def decided_events(now: Path, before: Path | None) -> list[str]:
    """Lines about what stewards' decisions did, from the state of a night and of the one before it."""
    last = "select coalesce(max(event_no), 0) from read_parquet(?)"
    [(seen,)] = duckdb.execute(last, [str(before / EVENTS)]).fetchall() if before else [(0,)]
    rows = duckdb.execute(
        """select event, from_customer_id, to_customer_id, records from read_parquet(?)
           where event_no > ? and reason in ('decision', 'decision_withdrawn') order by event_no""",
        [str(now / EVENTS), seen],
    ).fetchall()
    return [
        f"{TOLD[event]}: {source} -> {target} ({records} record{'' if records == 1 else 's'})"
        for event, source, target, records in rows
    ]
