"""The payload of e-mail destinations: profiles out of a sealed snapshot, opted-in columns only.

There is no field for consent, and none can be added: a column whose name speaks of it is refused, so that
resubscribing someone cannot be written.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.errors import PublishError
from dagster_project.seal import read_dbt_manifest

NAME = "email_profiles"
MODEL = "sync_email_profiles"
KEY = "email"
# A plausible address: one @, no blanks or control characters, a dot in the domain.
ADDRESS = r"^[^@[:space:][:cntrl:],;<>]+@[^@[:space:][:cntrl:],;<>]+\.[A-Za-z]{2,}$"
_CONSENT_WORDS = re.compile(
    r"consent|subscri|suppress|opt_?(in|out)|opted|block_?list|black_?list|status_if_new", re.IGNORECASE
)


@dataclass(frozen=True)
class Profiles:
    """Profiles ready to leave: table `payload` on `connection`, one row per address, in order of the address.

    rejected: keyed hashes of records set aside, with a code; they do not hold the others back.
    """

    connection: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]
    rows: int
    rejected: tuple[tuple[str, str], ...]


@contextmanager
def read_profiles(snapshot: Path, project_root: Path, key: bytes) -> Iterator[Profiles]:
    """The profiles of a sealed snapshot, whose files are opened read-only.

    Raises PublishError when two profiles share an address.
    """
    columns = opted_in_columns(read_dbt_manifest(project_root))
    with duckdb.connect() as connection:
        file = str(snapshot / "restricted" / "people.duckdb").replace("'", "''")
        connection.execute(f"attach '{file}' as people_of_run (read_only)")
        selected = ", ".join(f'"{column}"' for column in columns)
        connection.execute(
            f"create temp table offered as select {selected}, "
            f"coalesce(regexp_matches({KEY}, '{ADDRESS}'), false) as is_address from people_of_run.sync.{MODEL}"
        )
        connection.execute("detach people_of_run")
        connection.execute(
            f"create temp table payload as select {selected} from offered where is_address order by {KEY}"
        )
        rows, distinct = connection.execute(f"select count(*), count(distinct lower({KEY})) from payload").fetchone()
        if rows != distinct:
            raise PublishError(
                f"{snapshot.name}: {rows - distinct} profiles of {MODEL} share an address with another; "
                "nothing was sent: mend the model and run the night again"
            )
        bad = connection.execute(f"select coalesce({KEY}, '') from offered where not is_address order by 1").fetchall()
        rejected = tuple(
            (hmac.new(key, value.encode(), hashlib.sha256).hexdigest(), "not_an_address") for (value,) in bad
        )
        yield Profiles(connection, columns, rows, rejected)


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
    consent = [column for column in columns if _CONSENT_WORDS.search(column)]
    if consent:
        raise PublishError(f"{MODEL}: {', '.join(consent)} is consent, which never leaves; take its publish mark away")
    return columns
