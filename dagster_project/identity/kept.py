"""What matching keeps from night to night: its results by record, so that a night computes what a day changed.

A DuckDB file, attached as `kept`, changed in place. Its numbers are its own: `known_no` stays a record's for as long as
the record is there, whatever comes in, while `record_no` counts anew every night. It is a cache: a file of another
model, other limits or another version of the code, one that a killed night left half changed, and one that cannot be
read are thrown away, and everything is computed anew. While a night changes it, a mark lies beside it.
"""

import hashlib
import json
import logging
import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import duckdb

from dagster_project.identity.cluster import MATCH_RULES
from dagster_project.identity.model import Model
from dagster_project.identity.profiles import listed_nicknames
from dagster_project.network_sections import IdentitySection

# Of the sayings only what matching looks at: a visit more changes a count, and with it how often a name was said.
LOOKED_AT = """priority, first_name, last_name, email, email_validity, phone, phone_validity, address, city,
    postal_code, birth_date, payment_fingerprint"""
# What is written every night and read once gains nothing by being packed.
TEXT, HASH = (f"{kind} using compression uncompressed" for kind in ("varchar", "ubigint"))
VALUES = f"""first_name {TEXT}, last_name {TEXT}, email {TEXT}, phone {TEXT}, birth_date {TEXT}, address {TEXT},
    postal_code {TEXT}, city {TEXT}, cards varchar[],
    first_name_hash {HASH}, last_name_hash {HASH}"""
# Table -> its columns. A cluster bears the known_no of its lowest record, a profile is numbered after its cluster.
TABLES = {
    "about": f"fingerprint {TEXT}, scale {TEXT}, weighing {TEXT}",
    "records": f"""known_no bigint, key_hash {HASH}, digest {HASH}, component bigint, exact_no bigint,
        first_key {TEXT}, last_key {TEXT}, class {TEXT}""",
    "sayings": f"known_no bigint, saying {HASH}",
    "keys": f"known_no bigint, key {HASH}",
    "worthless": f"kind {TEXT}, value {TEXT}",
    "odd_birth_dates": "birth_date date",
    "decided": f"place bigint, decision {TEXT}, left_key {TEXT}, right_key {TEXT}",
    "ties": f"rule_rank tinyint, known_no bigint, leader_no bigint, block {HASH}",
    "shapes": f"cluster_no bigint, variant bigint, record_no bigint, {VALUES}",
    "blocked": f"cluster_no bigint, variant bigint, key {HASH}",
    "name_forms": f"name {TEXT}, forms varchar[]",
    "name_counts": f"is_first boolean, name_hash {HASH}, clusters bigint, is_known boolean, tf double",
    "judged_scores": """left_no bigint, right_no bigint, probability double, is_refused boolean, cluster_l bigint,
        cluster_r bigint, record_l bigint, record_r bigint""",
    "clusters": f"known_no bigint, cluster_no bigint, match_rule enum {MATCH_RULES}, match_probability double",
    "edges": """cluster_l bigint, cluster_r bigint, probability double, record_l bigint, record_r bigint,
        left_no bigint, right_no bigint, is_taken boolean""",
}


progress = logging.getLogger("regulars")


def fingerprint(model: Model, limits: IdentitySection) -> str:
    """Of all that decides matching beside records and decisions: model, limits, and the code with its engines."""
    here = Path(__file__).parent
    code = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(here.iterdir()) if path.is_file()]
    decisive = [model.settings, model.duplicates, model.twins, model.namesakes, model.families, model.households]
    parts = [decisive, limits.review_probability, limits.auto_merge_probability, code, version("splink")]
    return hashlib.sha256(json.dumps([*parts, duckdb.__version__], sort_keys=True).encode()).hexdigest()


def open_kept(con: duckdb.DuckDBPyConnection, path: Path | None, mark: str) -> None:
    """Attach what is kept, and mark that a night has begun; empty where there is nothing that counts for `mark`."""
    if path is not None:
        is_whole = path.is_file() and not _begun(path).exists()
        _begun(path).touch()
        if is_whole:
            try:
                con.execute(f"attach {_quoted(path)} as kept")
                if con.execute("select fingerprint from kept.about").fetchall() == [(mark,)]:
                    return
            except duckdb.Error as error:
                tell_unreadable(path, error)
    empty_kept(con, path, mark)


def tell_unreadable(path: Path, error: duckdb.Error) -> None:
    progress.warning("%s cannot be read (%s): a cache, made anew tonight", path, type(error).__name__)


def empty_kept(con: duckdb.DuckDBPyConnection, path: Path | None, mark: str) -> None:
    """Begin anew, with nothing kept."""
    # A damaged one cannot be written any more, and need not be.
    with suppress(duckdb.IOException):
        con.execute("detach database if exists kept")
    if path is None:
        con.execute("attach ':memory:' as kept")
    else:
        _remove(path, path.with_suffix(".new"))
        con.execute(f"attach {_quoted(path)} as kept")
    for table, columns in TABLES.items():
        con.execute(f"create table kept.{table} ({columns})")
    con.execute("insert into kept.about values (?, null, null)", [mark])
    con.execute(f"insert into kept.name_forms {listed_nicknames()}")


def seal_kept(con: duckdb.DuckDBPyConnection, path: Path | None, has_forgotten: bool) -> None:
    """Take the mark away: the night's work is whole. Where something was forgotten the file is written anew: one that
    is changed in place keeps the bytes of what it no longer holds."""
    if path is None:
        return
    if has_forgotten:
        fresh = path.with_suffix(".new")
        _remove(fresh)
        con.execute(f"attach {_quoted(fresh)} as fresh")
        con.execute("copy from database kept to fresh")
        con.execute("checkpoint fresh")
        con.execute("detach fresh; detach kept")
        _remove(path)
        os.replace(fresh, path)
        con.execute(f"attach {_quoted(path)} as kept")
    _begun(path).unlink()


def distrust_kept(path: Path) -> None:
    """Have the next night make it anew: of what it holds something could not be read."""
    _begun(path).touch()


def _begun(path: Path) -> Path:
    return path.with_suffix(".begun")


def _remove(*paths: Path) -> None:
    for path in paths:
        for file in (path, path.with_name(f"{path.name}.wal")):
            file.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
