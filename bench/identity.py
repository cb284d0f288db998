"""How well and how fast identity finds people: FEBRL 1-3 and fake_1000 against their truth, and 570k made-up records.

Metrics over pairs of records after closure, and B-cubed per record (Bagga & Baldwin 1998). FEBRL's soc_sec_id is left
out: no till knows it. The data sets are read from REGULARS_DATA/linkage and left out where they are not.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from bench import Row
from bench.processes import forget_peak, peak_mib
from dagster_project.identity.candidates import find_candidates
from dagster_project.identity.cluster import find_exact_clusters
from dagster_project.identity.decisions import NONE
from dagster_project.identity.match import find_ties
from dagster_project.identity.matching import match
from dagster_project.identity.model import Model, load_model, prior
from dagster_project.identity.profiles import build_profiles
from dagster_project.identity.synthetic import write_people
from dagster_project.identity.train import train_model
from dagster_project.identity.weights import score_candidates, weigh_candidates, weighing
from dagster_project.memory import bounded
from dagster_project.network_sections import IdentitySection

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "linkage"
FEBRL = """
    select row_number() over (order by trim(rec_id)) - 1 as record_no, split_part(trim(rec_id), '-', 2) as person,
           nullif(trim(given_name), '') as first_name, nullif(trim(surname), '') as last_name, null::varchar as email,
           nullif(trim(concat_ws(' ', nullif(trim(street_number), ''), nullif(trim(address_1), ''))), '') as address,
           nullif(trim(suburb), '') as city, nullif(trim(postcode), '') as postal_code,
           try_strptime(trim(date_of_birth), '%Y%m%d')::date as birth_date
    from read_csv('{}', all_varchar = true)"""
FAKE = """
    select row_number() over (order by unique_id::int) - 1 as record_no, cluster as person,
           nullif(trim(first_name), '') as first_name, nullif(trim(surname), '') as last_name,
           nullif(trim(email), '') as email, null::varchar as address, nullif(trim(city), '') as city,
           null::varchar as postal_code, try_cast(dob as date) as birth_date
    from read_csv('{}', all_varchar = true)"""
SETS = {
    "FEBRL 1": (FEBRL, "dataset1.csv"),
    "FEBRL 2": (FEBRL, "dataset2.csv"),
    "FEBRL 3": (FEBRL, "dataset3.csv"),
    "fake_1000": (FAKE, "fake_1000.csv"),
}
RECORDS = {"tiny": 5_000, "100k": 57_000}
MOST = 570_000
# A day's share of the records is new.
DAYS = 365


def measure(size: str, folder: Path) -> list[Row]:
    """The rows of identity: quality per data set and way of matching, then the cost of many records."""
    rows = []
    for name, (query, file) in SETS.items():
        if (DATA / file).is_file():
            rows += _quality(name, query.format(str(DATA / file).replace("'", "''")))
    return rows + _cost(RECORDS.get(size, MOST), folder)


def _quality(name: str, query: str) -> list[Row]:
    trained = _trained(query)
    ways: dict[str, Callable[[duckdb.DuckDBPyConnection], str]] = {
        "exact rules": _exact,
        "plain Splink, trained": lambda con: _plain(con, trained),
        "ours, shipped model": lambda con: _ours(con, load_model()),
        "ours, trained": lambda con: _ours(con, trained),
    }
    rows = []
    for way, run in ways.items():
        con = _people(query)
        precision, recall, f1, *b3 = judge(con, run(con))
        goal = ">= 0.985" if (name, way) == ("FEBRL 3", "ours, trained") else ""
        note = f"P {precision:.4f} R {recall:.4f}; B3 P {b3[0]:.4f} R {b3[1]:.4f} F1 {b3[2]:.4f}"
        rows.append(Row(f"{name}: {way}", f1, "F1", goal, note))
    return rows


def judge(con: duckdb.DuckDBPyConnection, table: str) -> tuple[float, ...]:
    """Pairwise precision, recall and F1, then B-cubed's, of `table` (record_no, cluster_no) against `truth`."""
    return con.execute(
        f"""with paired as (select person, cluster_no from truth join {table} using (record_no)),
            cells as (select person, cluster_no, count(*) as n from paired group by all),
            sums as (
                select (select sum(n * (n - 1)) from cells) as hits,
                       (select sum(n * (n - 1)) from (select count(*) as n from paired group by cluster_no)) as said,
                       (select sum(n * (n - 1)) from (select count(*) as n from paired group by person)) as true_ones),
            cubed as (
                select sum(n * n / own) / sum(n) as p, sum(n * n / whole) / sum(n) as r
                from (select n, sum(n) over (partition by cluster_no) as own,
                             sum(n) over (partition by person) as whole from cells))
            select hits / said, hits / true_ones, 2 * hits / (said + true_ones), p, r, 2 * p * r / (p + r)
            from sums, cubed"""
    ).fetchall()[0]


def _people(query: str) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(f"create temp table typed as {query}")
    con.execute("create temp table truth as select record_no, person from typed")
    con.execute(
        """create temp table observed as
           select record_no, first_name, last_name, email, if(email is null, 'missing', 'valid') as email_validity,
                  null::varchar as phone, 'missing' as phone_validity, address, city, postal_code, birth_date,
                  null::varchar as payment_fingerprint, 1::tinyint as priority, 1::bigint as seen from typed"""
    )
    con.execute(
        """create temp table records as
           select record_no, printf('%09d', record_no) as record_key, 'list' as source, 'l' as location_id from typed"""
    )
    return con


def _singly(con: duckdb.DuckDBPyConnection) -> int:
    """Profiles and candidates of single records, as if there were no exact rules; how many profiles there are."""
    find_ties(con)
    con.execute("create temp table exact_clusters as select record_no, record_no as cluster_no from records")
    build_profiles(con)
    profiles = con.execute("select count(*) from profiles").fetchall()[0][0]
    find_candidates(con, profiles)
    return profiles


def _trained(query: str) -> Model:
    con = _people(query)
    profiles = _singly(con)
    return train_model(con, profiles)


def _exact(con: duckdb.DuckDBPyConnection) -> str:
    find_ties(con)
    find_exact_clusters(con, NONE)
    return "exact_clusters"


def _plain(con: duckdb.DuckDBPyConnection, model: Model) -> str:
    """Splink's scores at the same threshold and their closure, without exact rules or guard."""
    profiles = _singly(con)
    weigh_candidates(con, weighing(model.settings))
    score_candidates(con, 0.95, prior(profiles, model.duplicates))
    con.execute("drop table ties; drop table exact_clusters")
    con.execute(
        """create temp table ties as select l.cluster_no as record_no, r.cluster_no as leader_no from scores
           join profiles l on l.profile_no = left_no join profiles r on r.profile_no = right_no"""
    )
    find_exact_clusters(con, NONE)
    return "exact_clusters"


def _ours(con: duckdb.DuckDBPyConnection, model: Model) -> str:
    match(con, model, IdentitySection(), NONE)
    return "clusters"


def _cost(records: int, folder: Path) -> list[Row]:
    """Matching all records but a day's, from nothing; then that day, and whether it gives what all at once give; then a
    night on which one record is gone, so that what is kept is written anew."""
    folder.mkdir(parents=True, exist_ok=True)
    memo = folder / "kept.duckdb"
    memo.unlink(missing_ok=True)
    con = duckdb.connect(config=bounded(folder / "spill", "800MB"))
    con.execute("set preserve_insertion_order = false")
    write_people(con, records)
    for table in ("records", "observed", "truth"):
        con.execute(f"create table all_{table} as from {table}; drop table {table}")
    forget_peak()
    first, _ = _night(con, f"hash(record_no) % {DAYS} <> 0", memo)
    day, by_night = _night(con, "true", memo)
    peak = peak_mib()
    forgetting, _ = _night(con, "record_no <> 0", memo)
    full, at_once = _night(con, "true", None)
    con.execute("create table truth as from all_truth")
    con.register("clusters", by_night)
    precision, recall, *_ = judge(con, "clusters")
    new = con.execute(f"select count(*) from all_records where hash(record_no) % {DAYS} = 0").fetchall()[0][0]
    note = f"P {precision:.4f} R {recall:.4f}; {peak:,.0f} MiB, the made-up people included"
    equal = "equal to" if by_night.equals(at_once) else "NOT EQUAL to"
    return [
        Row(f"matching {records - new:,} records, saved model", first, "CPU s", "<= 10 at 570,000", note),
        Row(f"one more day: {new:,} new records", day, "CPU s", "<= 1 at 570,000", f"{equal} all at once"),
        Row("a night that forgets one record", forgetting, "CPU s", "", "the file is written anew"),
        Row("all at once, nothing kept on disk", full, "CPU s"),
    ]


def _night(con: duckdb.DuckDBPyConnection, chosen: str, memo: Path | None) -> tuple[float, pa.Table]:
    """CPU seconds of matching the records that SQL `chosen` selects, and their clusters."""
    with con.cursor() as night:
        night.execute(
            f"""create temp table counted as
                select record_no as old_no, row_number() over (order by record_no) - 1 as record_no
                from all_records where {chosen}"""
        )
        for table in ("records", "observed"):
            night.execute(
                f"""create temp table {table} as
                    select c.record_no, a.* exclude (record_no)
                    from all_{table} a join counted c on old_no = a.record_no"""
            )
        started = time.process_time()
        match(night, load_model(), IdentitySection(), NONE, memo)
        spent = time.process_time() - started
        found = night.execute("select * from clusters order by record_no").to_arrow_table()
        night.unregister("clusters")
        night.execute("detach kept")
    return spent, found
