"""Suppressions: fetched from every tool before anything else, kept append-only by keyed hash, obeyed everywhere.

What is new among them also lands as feeds of the next night (consents, engagement), in <home>/returned/.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import duckdb
import pyarrow as pa

from dagster_project.home import Home
from dagster_project.outbound import EVERYONE
from dagster_project.publish.courier import BatchRefused, DestinationStopped, answers_understood
from dagster_project.publish.guards import SUPPRESSIONS_HOURS, Finding
from dagster_project.publish.returned import write_engagement, write_suppressions
from dagster_project.publish.tool import Engagement, Suppression, Tool

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
            with answers_understood(destination):
                is_fetched = why is None and _fetch(connection, home, run_id, destination, tool, now)
            if is_fetched:
                connection.execute("delete from shared.fetches where destination = ?", [destination])
                connection.execute("insert into shared.fetches values (?, ?)", [destination, now])
        except (DestinationStopped, BatchRefused) as error:
            why = str(error)
        if why is not None:
            found += _too_old(connection, destination, why, now)
    return found


def fetch_engagement(connection: duckdb.DuckDBPyConnection, home: Home, destination: str, tool: Tool) -> int:
    """What people did with messages since the last fetch, into <home>/returned/; the number of new events.

    A tool may learn of an event days after it happened, when later ones have been fetched: the window overlaps, and
    what was fetched before is known by the tool's id of it, or by what it says.
    """
    name = f"engagement.{destination}"
    latest = _mark(connection, name)
    events = iter(tool.engagement(_with_overlap(latest)))
    new = 0
    while chunk := list(islice(events, _CHUNK)):
        new += _keep_events(connection, home, destination, chunk)
        latest = max([event.at for event in chunk] + ([latest] if latest else []))
    if latest is not None:
        _set_mark(connection, name, latest)
        # Times are texts here, with offsets of up to half a day: twice the overlap is on the safe side.
        forgotten = _with_overlap(_with_overlap(latest))
        connection.execute(
            "delete from shared.events where destination = ? and happened_at < ?", [destination, forgotten]
        )
    return new


def _keep_events(connection: duckdb.DuckDBPyConnection, home: Home, destination: str, chunk: list[Engagement]) -> int:
    """The feed first, then that they are known: a kill in between writes the same feed again."""
    marks = [
        event.event_id or "|".join((event.email, event.event, event.at, event.campaign_id or "")) for event in chunk
    ]
    columns = {"mark": marks, "happened_at": [event.at for event in chunk], "place": list(range(len(chunk)))}
    connection.register("told", pa.table(columns))
    connection.execute(
        """create or replace temp table fresh as
           select keyed_hash(mark) as event_hash, min(place) as place, min(happened_at) as happened_at from told
           where keyed_hash(mark) not in (select event_hash from shared.events where destination = $1)
           group by 1""",
        [destination],
    )
    connection.unregister("told")
    places = connection.execute("select place from fresh order by 1").fetchall()
    if places:
        write_engagement(home, destination, [chunk[place] for (place,) in places])
        connection.execute("insert into shared.events select event_hash, $1, happened_at from fresh", [destination])
    return len(places)


def _fetch(
    connection: duckdb.DuckDBPyConnection, home: Home, run_id: str, destination: str, tool: Tool, now: datetime
) -> bool:
    """Take new suppressions in; False when the tool keeps no such list.

    Up to when it told is kept once it has told all: a fetch that breaks off begins again where the last whole one did.
    """
    name = f"suppressions.{destination}"
    latest = _mark(connection, name)
    told = tool.suppressions(_with_overlap(latest))
    if told is None:
        return False
    while chunk := list(islice(told, _CHUNK)):
        dated = [replace(one, at=one.at or f"{now:%Y-%m-%dT%H:%M:%SZ}") for one in chunk if one.email]
        _keep(connection, home, run_id, destination, dated)
        latest = max([one.at for one in dated] + ([latest] if latest else []), default=None)
    if latest is not None:
        _set_mark(connection, name, latest)
    return True


def _mark(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    return connection.execute("select max(value) from shared.meta where name = ?", [name]).fetchone()[0]


def _set_mark(connection: duckdb.DuckDBPyConnection, name: str, latest: str) -> None:
    connection.execute("delete from shared.meta where name = ?", [name])
    connection.execute("insert into shared.meta values (?, ?)", [name, latest])


def _with_overlap(latest: str | None) -> str | None:
    """Where to ask from: a tool may learn late, as of an earlier time. What is known already is no news.

    One time beyond today, from a clock that is wrong, hides nothing that comes until then.
    """
    if latest is None:
        return None
    try:
        at = datetime.fromisoformat(latest)
    except ValueError:
        return None
    at = min(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), datetime.now(UTC))
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
    # A time to come is of a clock that was wrong, and tells no age.
    if row and timedelta(0) <= now - row[0] <= timedelta(hours=SUPPRESSIONS_HOURS):
        return []
    age = f"are from {row[0]:%Y-%m-%d %H:%M} UTC" if row else "were never fetched"
    told = f"its suppressions {age}, older than {SUPPRESSIONS_HOURS} hours, and cannot be fetched now ({why})"
    return [Finding("suppressions_age", destination, EVERYONE, 0, 0, told)]
