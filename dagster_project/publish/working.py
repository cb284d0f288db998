"""The connection a publishing run works on: in memory with a bound, spilling beside the state, with keyed hashes.

State that describes the outside world is attached to it: `shared` (suppressions of all destinations, reserved
contacts), and one file per destination while that one is at work.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dagster_project.errors import PublishError
from dagster_project.home import Home
from dagster_project.memory import bounded

_BLOCK = 64

SHARED = """
create table if not exists shared.suppressions (
    record_hash varchar, reason varchar, destination varchar, told_at varchar, run_id varchar);
create table if not exists shared.fetches (destination varchar, fetched_at timestamp);
create table if not exists shared.events (event_hash varchar, destination varchar, happened_at varchar);
create table if not exists shared.reservations (
    customer_id varchar, destination varchar, audience varchar, reserved_on date);
alter table shared.reservations add column if not exists is_taken boolean default true;
create table if not exists shared.meta (name varchar, value varchar);
"""


def keyed_hash(key: bytes, value: str) -> str:
    """HMAC-SHA-256 in hex, as the macro keyed_hash of a working connection gives it."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


@contextmanager
def working_connection(home: Home, key: bytes) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens state/sync/shared.duckdb, which only one process can at a time.

    Raises PublishError when another publisher is at work, or when hashes in the state were made with another key.
    """
    home.sync.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.state.chmod(0o700)
    with duckdb.connect(config=bounded(home.sync / ".spill")) as connection:
        define_keyed_hash(connection, key)
        attach_state(connection, home.sync / "shared.duckdb", "shared")
        connection.execute(SHARED)
        _hold_key(connection, home, key)
        yield connection


def attach_state(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> None:
    """Attach a state file for writing, closed to others on disk."""
    try:
        connection.execute(f"attach {literal(file)} as {name}")
    except duckdb.IOException as error:
        raise PublishError(
            f"{file}: another publisher is at work here, or the file is damaged; wait for it to end, and publish again"
        ) from error
    file.chmod(0o600)


def define_keyed_hash(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """The macro keyed_hash(text): HMAC-SHA-256 in hex (RFC 2104), in SQL so that a million take a second."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    connection.execute(
        f"create or replace temp macro keyed_hash(x) as "
        f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode(x))))"
    )


def literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hold_key(connection: duckdb.DuckDBPyConnection, home: Home, key: bytes) -> None:
    mark = keyed_hash(key, "the key of this state")
    known = connection.execute("select value from shared.meta where name = 'key'").fetchall()
    if not known:
        connection.execute("insert into shared.meta values ('key', ?)", [mark])
    elif known != [(mark,)]:
        raise PublishError(
            f"{home.sync}: was written under another REGULARS_KEY, so nobody in it would be recognised; "
            "set the key it was written under"
        )
