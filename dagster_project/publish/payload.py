"""The payload of e-mail destinations: profiles and audiences out of a sealed snapshot, opted-in columns only.

There is no field for consent, and none can be added: a column whose name speaks of it is refused, so that
resubscribing someone cannot be written.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.errors import PublishError
from dagster_project.outbound import EVERYONE
from dagster_project.publish.working import literal, quoted
from dagster_project.seal import read_dbt_manifest

NAME = EVERYONE
MODEL = "sync_email_profiles"
AUDIENCES_MODEL = "sync_email_audiences"
PRIVACY_MODEL = "sync_privacy_requests"
KEY = "email"
HOME = "home_location_id"
_DUPLICATE = "duplicate_key"
# Where an address belongs in the work tables, and what is never an attribute of a person at a tool.
NO_ATTRIBUTES = (KEY, "customer_id", "row_hash")
# A plausible address: one @, no blanks or control characters, a dot in the domain.
ADDRESS = r"^[^@[:space:][:cntrl:],;<>]+@[^@[:space:][:cntrl:],;<>]+\.[A-Za-z]{2,}$"
_MAY_BE_MAILED = f"keyed_hash(lower({KEY})) not in (select record_hash from shared.suppressions)"
CONSENT_WORDS = re.compile(
    r"consent|subscri|suppress|opt_?(in|out)|opted|block_?list|black_?list|status_if_new", re.IGNORECASE
)


@dataclass(frozen=True)
class Profiles:
    """Profiles ready to leave: view `payload` on `connection`, one row per address, in order of the address.

    rejected: keyed hashes of records set aside, with a code; they do not hold the others back. Whose they are tells
    table set_aside (record_hash, code, home_location_id).
    duplicates: how many share an address with another, of which the lowest customer_id is kept.
    may_be_mailed: an SQL condition over rows with an address: nobody has suppressed it since.
    """

    connection: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]
    rows: int
    rejected: tuple[tuple[str, str], ...]
    duplicates: int = 0
    may_be_mailed: str = "true"


def read_profiles(connection: duckdb.DuckDBPyConnection, snapshot: Path, project_root: Path) -> Profiles:
    """Bring a sealed snapshot's `sync` schema, opened read-only, into tables of a working connection.

    profiles   record_hash and the opted-in columns, one row per address that may be mailed
    members    audience, record_hash, customer_id: who is in which audience; everybody is in email_profiles
    privacy_requests   record_hash, email, customer_id, kind, requested_at: who is to be erased, or left alone
    Whoever is suppressed at any destination, or asked for it (`shared.suppressions`), is neither profile nor member.
    """
    columns = opted_in_columns(read_dbt_manifest(project_root))
    selected = ", ".join(quoted(column) for column in columns)
    connection.execute(f"attach {literal(snapshot / 'restricted' / 'people.duckdb')} as people_of_run (read_only)")
    offered = f"select {selected} from people_of_run.sync.{MODEL}"
    home = HOME if HOME in columns else "null"
    connection.execute(
        f"""create temp table set_aside as
            select keyed_hash(coalesce({KEY}, '')) as record_hash, 'not_an_address' as code,
                cast({home} as varchar) as {HOME}
            from ({offered}) where not coalesce(regexp_matches({KEY}, '{ADDRESS}'), false)"""
    )
    connection.execute(
        f"""create temp table profiles as
            select keyed_hash(lower({KEY})) as record_hash, {selected} from ({offered})
            where regexp_matches({KEY}, '{ADDRESS}')"""
    )
    _set_duplicates_aside(connection, home)
    _heed_privacy_requests(connection, snapshot.name)
    connection.execute("delete from profiles using shared.suppressions s where profiles.record_hash = s.record_hash")
    _read_members(connection)
    connection.execute("detach people_of_run")
    rows = connection.execute("select count(*) from profiles").fetchone()[0]
    return Profiles(connection, columns, rows, *set_aside(connection), _MAY_BE_MAILED)


def set_aside(connection: duckdb.DuckDBPyConnection, location: str | None = None) -> tuple[tuple, int]:
    """Profiles.rejected and .duplicates, of one location's people or of all."""
    rejected = connection.execute(
        f"select record_hash, code from set_aside where $1 is null or {HOME} = $1 order by code desc, record_hash",
        [location],
    ).fetchall()
    return tuple(rejected), sum(code == _DUPLICATE for _, code in rejected)


def _set_duplicates_aside(connection: duckdb.DuckDBPyConnection, home: str) -> None:
    order = "customer_id" if "customer_id" in _names(connection, "profiles") else KEY
    connection.execute(
        f"""create temp table twice as
            select r, record_hash, {HOME} from (
                select rowid as r, record_hash, cast({home} as varchar) as {HOME},
                    row_number() over (partition by record_hash order by {order}) as n
                from profiles)
            where n > 1"""
    )
    connection.execute(f"insert into set_aside select record_hash, '{_DUPLICATE}', {HOME} from twice")
    connection.execute("delete from profiles where rowid in (select r from twice)")


def _read_members(connection: duckdb.DuckDBPyConnection) -> None:
    has_id = "customer_id" in _names(connection, "profiles")
    customer = "customer_id" if has_id else KEY
    connection.execute(
        f"""create temp table members as
            select {literal(EVERYONE)} as audience, record_hash, {customer} as customer_id from profiles"""
    )
    if has_id and _is_there(connection, AUDIENCES_MODEL):
        connection.execute(
            f"""insert into members
                select a.audience, p.record_hash, p.customer_id
                from people_of_run.sync.{AUDIENCES_MODEL} a join profiles p using (customer_id)"""
        )


def _heed_privacy_requests(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Kept as suppressions for good: a later request or none does not bring anybody back."""
    connection.execute(
        """create temp table privacy_requests (
               record_hash varchar, email varchar, customer_id varchar, kind varchar, requested_at varchar)"""
    )
    if not _is_there(connection, PRIVACY_MODEL):
        return
    connection.execute(
        f"""insert into privacy_requests
            select keyed_hash(lower(email)), email, customer_id, kind, cast(requested_at as varchar)
            from people_of_run.sync.{PRIVACY_MODEL}"""
    )
    connection.execute(
        f"""insert into shared.suppressions
            select r.record_hash, r.kind, '{PRIVACY_MODEL}', null, ? from privacy_requests r
            anti join shared.suppressions s on s.record_hash = r.record_hash and s.reason = r.kind""",
        [run_id],
    )


def _is_there(connection: duckdb.DuckDBPyConnection, model: str) -> bool:
    """Whether the snapshot has a model; one sealed by an older version may not."""
    return connection.execute(
        "select count(*) > 0 from duckdb_tables() where database_name = 'people_of_run' and table_name = ?", [model]
    ).fetchone()[0]


def _names(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [name for name, *_ in connection.execute(f"describe {table}").fetchall()]


def opted_in_columns(dbt_manifest: dict) -> tuple[str, ...]:
    """The payload model's columns marked `meta: {publish: true}`, in the model's order."""
    node = next(
        (n for n in dbt_manifest["nodes"].values() if n["resource_type"] == "model" and n["name"] == MODEL), None
    )
    if node is None:
        raise PublishError(
            f"dbt has no model {MODEL}; nothing was sent: restore it, or take the destination out of network.yaml"
        )
    columns = tuple(
        column["name"]
        for column in node["columns"].values()
        if ((column.get("config") or {}).get("meta") or column.get("meta") or {}).get("publish") is True
    )
    if KEY not in columns:
        raise PublishError(
            f"{MODEL}: column {KEY} is not marked `meta: {{publish: true}}`, so nothing can be addressed"
        )
    consent = [column for column in columns if CONSENT_WORDS.search(column)]
    if consent:
        raise PublishError(f"{MODEL}: {', '.join(consent)} is consent, which never leaves; take its publish mark away")
    return columns
