"""Overlapping exports count once: which landed rows a newer delivery has replaced.

Files are ranked by what they hold, never by when they came: latest business time, then folder date,
then content hash. So the order of arrival changes nothing. Where the hash alone decides, the row that refuses most
consents stands, and beside it those that refuse another: nothing tells that leave came later.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.extract.doubts import with_doubts
from dagster_project.extract.ledger import Entry, write_ledger
from dagster_project.feeds import load_feeds
from dagster_project.home import Home

_MARK = "superseded.fingerprint"
# Raise when the same deliveries would be settled differently: they are then settled anew.
SETTLING = "2"
# Keys are compared part by part, so that memory does not grow with all that ever landed but for 18 bytes a row.
PART_ROWS = 4_000_000


def settle_deliveries(home: Home, entries: list[Entry]) -> list[Entry]:
    """Write `lake/superseded.parquet` (feed, file_key, row_number) and put duplicates into the ledger's counts.

    Returns the entries with their final rows_landed and rows_duplicate. Does nothing when the set of
    landed files is as it was at the last call.
    """
    current = [e for e in entries if e.is_current]
    told = sorted(f"{e.file_key}{e.rules}{e.locations}{e.folder_date}" for e in current)
    fingerprint = hashlib.sha256("".join([SETTLING, *told]).encode()).hexdigest()
    mark = home.lake / _MARK
    if not (home.superseded.is_file() and mark.is_file() and mark.read_text() == fingerprint):
        mark.unlink(missing_ok=True)
        _write_superseded(home, current)
        mark.write_text(fingerprint)
    counts = dict(
        duckdb.execute("select file_key, count(*) from read_parquet(?) group by 1", [str(home.superseded)]).fetchall()
    )
    settled = with_doubts(_with_duplicates(e, counts.get(e.file_key, 0)) if e.is_current else e for e in entries)
    write_ledger(home, settled)
    return settled


def _with_duplicates(entry: Entry, duplicates: int) -> Entry:
    typed = entry.rows_read - entry.rows_rejected
    return replace(entry, rows_landed=typed - duplicates, rows_duplicate=duplicates)


def _write_superseded(home: Home, current: Iterable[Entry]) -> None:
    by_feed: dict[str, list[Entry]] = {}
    for entry in current:
        by_feed.setdefault(entry.feed or "", []).append(entry)
    # A cursor of this process's engine: starting another one costs more than a night's work here.
    connection = duckdb.default_connection().cursor()
    connection.execute("create temp table superseded (feed varchar, file_key varchar, row_number bigint)")
    for feed in sorted(by_feed):
        ranked = sorted(by_feed[feed], key=age)
        # Files whose ages differ by the hash alone are of one age.
        ages = [age(e)[:2] for e in ranked]
        of_age = np.cumsum([number > 0 and told != ages[number - 1] for number, told in enumerate(ages)])
        keys = [e.file_key for e in ranked]
        ranks = pa.table({"file_key": keys, "file_rank": np.arange(len(ranked)), "age_rank": of_age})
        connection.register("ranks", ranks)
        paths = [str(home.landed(feed) / f"{e.file_key}.parquet") for e in ranked]
        refusals = _refusals(feed)
        connection.execute(_DELIVERIES.format(refusals=refusals or "0"), {"paths": paths})
        [(rows,)] = connection.execute("select count(*) from deliveries").fetchall()
        parts = rows // PART_ROWS + 1
        superseded = _SUPERSEDED.format(refused=_LAST_WORD if refusals else "0::tinyint")
        for part in range(parts):
            connection.execute(superseded, {"feed": feed, "parts": parts, "part": part})
        connection.execute("drop table deliveries")
        connection.unregister("ranks")
    beside = home.superseded.with_suffix(".new")
    connection.execute(
        f"copy (from superseded order by all) to '{str(beside).replace(chr(39), chr(39) * 2)}' (format parquet)"
    )
    connection.close()
    os.replace(beside, home.superseded)


def age(entry: Entry) -> tuple[datetime, date, str]:
    """Sorts deliveries from the oldest to the newest."""
    return (entry.latest_event_at or datetime.min, entry.folder_date or date.min, entry.sha256)


def _refusals(feed: str) -> str:
    """SQL: the consents a row of the feed refuses, a bit each; empty where it holds none."""
    columns = [c.name for c in load_feeds()[feed].columns if c.name.endswith("_consent")]
    return " | ".join(f"coalesce(({name} = 'denied')::tinyint << {bit}, 0)" for bit, name in enumerate(columns))


# File keys are long; their ranks are not.
_DELIVERIES = """
create temp table deliveries as
select delivery_key, is_set_key, cast(row_number as integer) as row_number, cast(file_rank as integer) as file_rank,
    cast({refusals} as tinyint) as refusals
from read_parquet($paths) join ranks using (file_key)
"""
_LAST_WORD = "first_value(refusals) over (partition by delivery_key, file_rank order by row_number desc)"
# Only keys that collide are ranked: most rows are alone under theirs.
_SUPERSEDED = """
insert into superseded
with colliding as (
    select delivery_key
    from deliveries
    -- Both unsigned: else every key is divided as a number of 128 bits.
    where delivery_key % $parts::ubigint = $part::ubigint
    group by delivery_key
    having min(file_rank) <> max(file_rank) or (count(*) > 1 and not bool_or(is_set_key))
), last_words as (
    -- Within a file the later row stands, whatever it says.
    select row_number, is_set_key, delivery_key, file_rank, age_rank, {refused} as refused
    from deliveries
    join colliding using (delivery_key)
    join ranks using (file_rank)
), ranked as (
    select row_number, is_set_key, file_rank, refused,
        max(file_rank) over (partition by delivery_key) as newest_rank,
        age_rank = max(age_rank) over (partition by delivery_key) as is_newest_age,
        row_number() over standing as position,
        bit_or(refused) over (standing rows between unbounded preceding and 1 preceding) as refused_already
    from last_words
    window standing as (
        partition by delivery_key order by age_rank desc, bit_count(refused) desc, file_rank desc, row_number desc
    )
)
select $feed, file_key, row_number
from ranked join ranks using (file_rank)
where case
    when is_set_key then file_rank < newest_rank
    else position > 1 and not (is_newest_age and refused & ~refused_already <> 0)
end
"""
