"""Suppressions: fetched from every tool before anything else, kept append-only by keyed hash, obeyed everywhere.

What is new among them also lands as feeds of the next night (consents, engagement), in <home>/returned/.
"""

from datetime import UTC, datetime, timedelta
from itertools import islice

import duckdb
import pyarrow as pa

from dagster_project.home import Home
from dagster_project.outbound import EVERYONE
from dagster_project.publish.courier import BatchRefused, DestinationStopped
from dagster_project.publish.guards import SUPPRESSIONS_HOURS, Finding
from dagster_project.publish.returned import write_engagement, write_suppressions
from dagster_project.publish.tool import Suppression, Tool

OVERLAP_DAYS = 3
_CHUNK = 10_000


def fetch_suppressions(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    run_id: str,
    tools: dict[str, Tool],
    stopped: dict[str, str],
    now: datetime,
) -> list[Finding]:
    """Ask every tool whom it has learnt not to mail. What cannot be fetched is a finding once the last fetch is
    older than a day."""
    found = []
    for destination, tool in sorted(tools.items()):
        why = stopped.get(destination)
        try:
            if why is None and _fetch(connection, home, run_id, destination, tool):
                connection.execute("delete from shared.fetches where destination = ?", [destination])
                connection.execute("insert into shared.fetches values (?, ?)", [destination, now])
        except (DestinationStopped, BatchRefused) as error:
            why = str(error)
        if why is not None:
            found += _too_old(connection, destination, why, now)
    return found


def fetch_engagement(connection: duckdb.DuckDBPyConnection, home: Home, destination: str, tool: Tool) -> int:
    """What people did with messages since the last fetch, into <home>/returned/; the number of events."""
    name = f"engagement.{destination}"
    since = connection.execute("select max(value) from shared.meta where name = ?", [name]).fetchone()[0]
    events = [event for event in tool.engagement(since) if since is None or event.at > since]
    if not events:
        return 0
    write_engagement(home, destination, events)
    connection.execute("delete from shared.meta where name = ?", [name])
    connection.execute("insert into shared.meta values (?, ?)", [name, max(event.at for event in events)])
    return len(events)


def _fetch(connection: duckdb.DuckDBPyConnection, home: Home, run_id: str, destination: str, tool: Tool) -> bool:
    """Take new suppressions in; False when the tool keeps no such list."""
    latest = connection.execute(
        "select max(told_at) from shared.suppressions where destination = ?", [destination]
    ).fetchone()[0]
    told = tool.suppressions(_with_overlap(latest))
    if told is None:
        return False
    while chunk := list(islice(told, _CHUNK)):
        _keep(connection, home, run_id, destination, chunk)
    return True


def _with_overlap(latest: str | None) -> str | None:
    """Where to ask from: a tool may learn late, as of an earlier time. What is known already is no news."""
    if latest is None:
        return None
    try:
        at = datetime.fromisoformat(latest)
    except ValueError:
        return None
    at = at.astimezone(UTC) if at.tzinfo else at
    return f"{at - timedelta(days=OVERLAP_DAYS):%Y-%m-%dT%H:%M:%SZ}"


def _keep(
    connection: duckdb.DuckDBPyConnection, home: Home, run_id: str, destination: str, chunk: list[Suppression]
) -> None:
    """The feed first, then the state: a kill in between writes the same feed again."""
    columns = {name: [getattr(told, name) for told in chunk] for name in ("email", "reason", "at")}
    schema = pa.schema([(name, pa.string()) for name in columns])
    connection.register("told", pa.table(columns, schema=schema))
    connection.execute(
        """create or replace temp table fresh as
           select distinct on (record_hash, reason) keyed_hash(lower(email)) as record_hash, email, reason,
               "at" as told_at
           from told
           anti join shared.suppressions s
               on s.record_hash = keyed_hash(lower(told.email)) and s.reason = told.reason and s.destination = $1
           order by record_hash, reason, told_at""",
        [destination],
    )
    connection.unregister("told")
    rows = connection.execute("select email, reason, told_at from fresh order by email, reason").fetchall()
    if rows:
        write_suppressions(home, destination, [Suppression(*row) for row in rows])
        connection.execute(
            "insert into shared.suppressions select record_hash, reason, $1, told_at, $2 from fresh",
            [destination, run_id],
        )


def _too_old(connection: duckdb.DuckDBPyConnection, destination: str, why: str, now: datetime) -> list[Finding]:
    row = connection.execute("select fetched_at from shared.fetches where destination = ?", [destination]).fetchone()
    if row and now - row[0] <= timedelta(hours=SUPPRESSIONS_HOURS):
        return []
    age = f"are from {row[0]:%Y-%m-%d %H:%M} UTC" if row else "were never fetched"
    told = f"its suppressions {age}, older than {SUPPRESSIONS_HOURS} hours, and cannot be fetched now ({why})"
    return [Finding("suppressions_age", destination, EVERYONE, 0, 0, told)]
