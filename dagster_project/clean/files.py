"""Which clean files are to be written, kept or removed, and the writing.

A clean file is a function of its landed file, of which of its rows are superseded, of the countries its
phones are read in and of this room's code. That is its fingerprint, kept in `clean/index.parquet`. What
is about to change leaves the index first and returns to it last: killed at any instant, the next run
finds those files unfinished and writes them again.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.clean.columns import arrow_schema, clean_rows, clean_schema
from dagster_project.errors import UnreadableFile
from dagster_project.feeds import Feed, load_feeds
from dagster_project.home import Home
from dagster_project.lake_file import write_lake_file
from dagster_project.network import Network

# Raise when the same landed row would be cleaned differently: every clean file is then written again.
CLEANING = "2"
LIBRARIES = ("email-validator", "nameparser", "phonenumbers")
MEMORY = "400MB"
EMPTY = "_empty"
INDEX = pa.schema(
    [
        ("feed", pa.string()),
        ("file_key", pa.string()),
        ("fingerprint", pa.string()),
        ("rows", pa.int64()),
        ("invalid_emails", pa.int64()),
        ("invalid_phones", pa.int64()),
        ("invalid_contacts", pa.int64()),
    ]
)
COUNTS = ("rows", "invalid_emails", "invalid_phones", "invalid_contacts")


@dataclass(frozen=True)
class LandedFile:
    feed: str
    file_key: str
    location_id: str | None
    superseded: bool
    fingerprint: str


def clean_feeds(home: Home, network: Network) -> dict[str, dict[str, int]]:
    """Bring lake/clean/ up to date with the current landed files.

    Returns per feed: files, written, removed, rows, invalid_emails, invalid_phones, invalid_contacts.
    Raises UnreadableFile when the ledger, or a landed file it names, is missing.
    """
    feeds = load_feeds()
    with duckdb.connect(config={"memory_limit": MEMORY}) as con:
        countries = _load_countries(con, home)
        current = _current_files(con, home, countries, network.network.country)
        index = _read_index(home)
        stale = [f for f in current if not _is_up_to_date(home, index, f)]
        unfinished = {_key(f) for f in stale}
        kept = {_key(f): index[_key(f)] for f in current if _key(f) not in unfinished}
        if len(kept) != len(index):
            _write_index(home, kept)
        summary = {name: dict.fromkeys(("files", "written", "removed", *COUNTS), 0) for name in feeds}
        for name, feed in feeds.items():
            keys = {f.file_key for f in current if f.feed == name}
            summary[name]["removed"] = _remove_others(home, name, keys)
            _write_empty(home, feed)
        for file in stale:
            kept[_key(file)] = _clean_file(con, home, file, countries, network.network.country)
        if stale:
            _write_index(home, kept)
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
        files.append(LandedFile(feed, file_key, location_id, bool(superseded), fingerprint))
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


def _clean_file(
    con: duckdb.DuckDBPyConnection, home: Home, file: LandedFile, countries: dict[str, str], home_country: str
) -> dict[str, int | str]:
    """Write one clean file; returns its index entry."""
    feed = load_feeds()[file.feed]
    schema = arrow_schema(feed.landed_schema())
    with pq.ParquetFile(home.landed(file.feed) / f"{file.file_key}.parquet") as parquet:
        landed = parquet.read(columns=schema.names, use_threads=False).select(schema.names).cast(schema)
    if file.superseded:
        replaced = con.execute(
            f"select row_number from {_superseded(home)} where feed = $feed and file_key = $file_key",
            {"feed": file.feed, "file_key": file.file_key},
        ).to_arrow_table()["row_number"]
        landed = landed.filter(pc.invert(pc.is_in(landed["row_number"], value_set=replaced)))
    rows = clean_rows(feed, landed.sort_by("row_number"), countries, home_country)
    write_lake_file(rows, home.clean(file.feed) / f"{file.file_key}.parquet")
    return {"fingerprint": file.fingerprint, "rows": len(rows)} | {
        f"invalid_{plural}": _count_invalid(rows, f"{kind}_validity")
        for kind, plural in (("email", "emails"), ("phone", "phones"), ("contact", "contacts"))
    }


def _count_invalid(rows: pa.Table, column: str) -> int:
    if column not in rows.column_names or not len(rows):
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


def _index_path(home: Home) -> Path:
    return home.lake / "clean" / "index.parquet"


def _read_index(home: Home) -> dict[tuple[str, str], dict]:
    path = _index_path(home)
    if not path.is_file():
        return {}
    return {(row.pop("feed"), row.pop("file_key")): row for row in pq.read_table(path).to_pylist()}


def _write_index(home: Home, index: dict[tuple[str, str], dict]) -> None:
    rows = [{"feed": feed, "file_key": file_key} | entry for (feed, file_key), entry in sorted(index.items())]
    write_lake_file(pa.Table.from_pylist(rows, schema=INDEX), _index_path(home))
