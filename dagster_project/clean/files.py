"""Which clean files are to be written, kept or removed, and the writing.

A clean file is a function of its landed file, of which of its rows are superseded, of the countries its
phones are read in and of this room's code. That is its fingerprint, kept in `clean/index.parquet`. What
is about to change leaves the index first and returns to it last: killed at any instant, the next run
finds those files unfinished and writes them again.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.clean.columns import arrow_schema, clean_rows, clean_schema
from dagster_project.clean.index import COUNTS, read_index, write_index
from dagster_project.errors import UnreadableFile
from dagster_project.feeds import Feed, load_feeds
from dagster_project.home import Home
from dagster_project.lake_file import write_lake_file
from dagster_project.memory import bounded
from dagster_project.network import Network

# Raise when the same landed row would be cleaned differently: every clean file is then written again.
CLEANING = "2"
LIBRARIES = ("email-validator", "nameparser", "phonenumbers")
EMPTY = "_empty"
# How much is judged at once, in files and in their packed bytes: memory is bounded by a batch, or one file.
BATCH_FILES = 100
BATCH_BYTES = 4 << 20


@dataclass(frozen=True)
class LandedFile:
    feed: str
    file_key: str
    location_id: str | None
    superseded: bool
    size: int
    fingerprint: str


def clean_feeds(home: Home, network: Network) -> dict[str, dict[str, int]]:
    """Bring lake/clean/ up to date with the current landed files.

    Returns per feed: files, written, removed, rows, invalid_emails, invalid_phones, invalid_contacts.
    Raises UnreadableFile when the ledger, or a landed file it names, is missing.
    """
    feeds = load_feeds()
    with duckdb.connect(config=bounded(home.spill)) as con:
        countries = _load_countries(con, home)
        current = _current_files(con, home, countries, network.network.country)
        index = read_index(home)
        stale = [f for f in current if not _is_up_to_date(home, index, f)]
        unfinished = {_key(f) for f in stale}
        kept = {_key(f): index[_key(f)] for f in current if _key(f) not in unfinished}
        if len(kept) != len(index):
            write_index(home, kept)
        summary = {name: dict.fromkeys(("files", "written", "removed", *COUNTS), 0) for name in feeds}
        for name, feed in feeds.items():
            keys = {f.file_key for f in current if f.feed == name}
            summary[name]["removed"] = _remove_others(home, name, keys)
            _write_empty(home, feed)
        for batch in _batches(stale):
            kept |= _clean_batch(con, home, batch, countries, network.network.country)
        if stale:
            write_index(home, kept)
    for file in current:
        of_feed = summary[file.feed]
        of_feed["files"] += 1
        for count in COUNTS:
            of_feed[count] += kept[_key(file)][count]
    for file in stale:
        summary[file.feed]["written"] += 1
    return summary


def _key(file: LandedFile) -> tuple[str, str]:
    return file.feed, file.file_key


def _load_countries(con: duckdb.DuckDBPyConnection, home: Home) -> dict[str, str]:
    """The country of each location that tells one, as the landed locations feed has it."""
    keys = con.execute(f"select file_key from {_ledger(home)} where status = 'landed' and feed = 'locations'")
    paths = [str(home.landed("locations") / f"{key}.parquet") for (key,) in keys.fetchall()]
    if not paths:
        return {}
    told = con.execute(
        f"""select location_id, max(upper(trim(country))) from read_parquet($files) l
            where regexp_full_match(trim(country), '[A-Za-z]{{2}}') and not exists (
                select 1 from {_superseded(home)} s
                where s.feed = 'locations' and s.file_key = l.file_key and s.row_number = l.row_number)
            group by location_id""",
        {"files": paths},
    )
    return dict(told.fetchall())


def _current_files(
    con: duckdb.DuckDBPyConnection, home: Home, countries: dict[str, str], home_country: str
) -> list[LandedFile]:
    rows = con.execute(
        f"""select l.feed, l.file_key, min(l.location_id), coalesce(min(s.fingerprint), '')
            from {_ledger(home)} l
            left join (
                select feed, file_key,
                       count(*) || ':' || bit_xor(md5_number_lower(row_number::varchar)) as fingerprint
                from {_superseded(home)} group by all
            ) s on s.feed = l.feed and s.file_key = l.file_key
            where l.status = 'landed' group by all order by l.feed, l.file_key"""
    ).fetchall()
    cleaning = (CLEANING, *(version(library) for library in LIBRARIES))
    abroad = str(sorted((k, v) for k, v in countries.items() if v != home_country))
    files = []
    for feed, file_key, location_id, superseded in rows:
        path = home.landed(feed) / f"{file_key}.parquet"
        if not path.is_file():
            raise UnreadableFile(f"{path}: in the ledger, but gone; run extract again")
        stat = path.stat()
        country = countries.get(location_id, abroad) + home_country
        schema = str(clean_schema(load_feeds()[feed]))
        parts = (cleaning, schema, stat.st_size, stat.st_mtime_ns, superseded, country)
        fingerprint = hashlib.md5(repr(parts).encode(), usedforsecurity=False).hexdigest()
        files.append(LandedFile(feed, file_key, location_id, bool(superseded), stat.st_size, fingerprint))
    return files


def _ledger(home: Home) -> str:
    if not home.ledger.is_file():
        raise UnreadableFile(f"{home.ledger}: no ledger of landed files; run extract first")
    return f"read_parquet({_quoted(home.ledger)})"


def _superseded(home: Home) -> str:
    if home.superseded.is_file():
        return f"read_parquet({_quoted(home.superseded)})"
    return "(select null::varchar as feed, null::varchar as file_key, null::bigint as row_number where false)"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _batches(files: list[LandedFile]) -> Iterator[list[LandedFile]]:
    """Files of one feed that are judged together: what a small file costs is mostly the asking."""
    for _, of_feed in groupby(files, key=lambda file: file.feed):
        batch: list[LandedFile] = []
        size = 0
        for file in of_feed:
            if batch and (len(batch) >= BATCH_FILES or size + file.size > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(file)
            size += file.size
        yield batch


def _clean_batch(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    files: list[LandedFile],
    countries: dict[str, str],
    home_country: str,
) -> dict[tuple[str, str], dict[str, int | str]]:
    """Write the clean files of some landed files of one feed; returns their index entries."""
    feed = load_feeds()[files[0].feed]
    replaced = _replaced_rows(con, home, files)
    landed = [_landed_rows(home, file, replaced.get(file.file_key)) for file in files]
    rows = clean_rows(feed, pa.concat_tables(landed).combine_chunks(), countries, home_country)
    written, start = {}, 0
    for file, own in zip(files, landed, strict=True):
        clean = rows.slice(start, len(own))
        start += len(own)
        write_lake_file(clean, home.clean(file.feed) / f"{file.file_key}.parquet")
        written[_key(file)] = {"fingerprint": file.fingerprint, "rows": len(clean)} | {
            f"invalid_{plural}": _count_invalid(clean, f"{kind}_validity")
            for kind, plural in (("email", "emails"), ("phone", "phones"), ("contact", "contacts"))
        }
    return written


def _replaced_rows(con: duckdb.DuckDBPyConnection, home: Home, files: list[LandedFile]) -> dict[str, list[int]]:
    """File key -> the numbers of its rows that a newer delivery has replaced; only files that have such."""
    keys = [file.file_key for file in files if file.superseded]
    if not keys:
        return {}
    found = con.execute(
        f"""select file_key, list(row_number) from {_superseded(home)}
            where feed = $feed and file_key in (select unnest($keys)) group by file_key""",
        {"feed": files[0].feed, "keys": keys},
    )
    return dict(found.fetchall())


def _landed_rows(home: Home, file: LandedFile, replaced: list[int] | None) -> pa.Table:
    """The rows of a landed file that no newer delivery has replaced, by row number."""
    schema = arrow_schema(load_feeds()[file.feed].landed_schema())
    path = home.landed(file.feed) / f"{file.file_key}.parquet"
    with pa.OSFile(str(path)) as opened, pq.ParquetFile(opened) as parquet:
        landed = parquet.read(columns=schema.names, use_threads=False).select(schema.names).cast(schema)
    if replaced:
        gone = pc.is_in(landed["row_number"], value_set=pa.array(replaced, pa.int64()))
        landed = landed.filter(pc.invert(gone))
    is_sorted = (np.diff(landed["row_number"].to_numpy()) > 0).all()
    return landed if is_sorted else landed.sort_by("row_number")


def _count_invalid(rows: pa.Table, column: str) -> int:
    if column not in rows.column_names:
        return 0
    return pc.sum(pc.equal(rows[column], "invalid")).as_py() or 0


def _is_up_to_date(home: Home, index: dict[tuple[str, str], dict], file: LandedFile) -> bool:
    known = index.get(_key(file))
    written = home.clean(file.feed) / f"{file.file_key}.parquet"
    return known is not None and known["fingerprint"] == file.fingerprint and written.is_file()


def _write_empty(home: Home, feed: Feed) -> None:
    path = home.clean(feed.name) / f"{EMPTY}.parquet"
    write_lake_file(arrow_schema(clean_schema(feed)).empty_table(), path)


def _remove_others(home: Home, feed: str, current: set[str]) -> int:
    """Remove what is no longer current and what a killed run left; returns how many clean files went."""
    folder = home.clean(feed)
    stale = [p for p in folder.glob("*") if p.name not in {f"{key}.parquet" for key in current | {EMPTY}}]
    for path in stale:
        path.unlink()
    return sum(path.suffix == ".parquet" for path in stale)
