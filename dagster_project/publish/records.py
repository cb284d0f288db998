"""What publishing tells ops: counts, codes, customer ids and keyed hashes, never an address."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import duckdb

from dagster_project.home import Home
from dagster_project.ops import update_ops
from dagster_project.publish.guards import Finding
from dagster_project.publish.payload import NAME
from dagster_project.seal import record_run

# The payload under which sync_runs counts people whom a tool was told to forget.
ERASURES = "privacy_requests"


@dataclass(frozen=True)
class Delivery:
    """What one destination received.

    rejected: (keyed hash, code) per record set aside. reason: why something waits for the next run, or None.
    members: audience -> (added, removed). erased: people the tool has forgotten as it
    was told. requests: HTTP requests made. seconds: wall clock.
    """

    destination: str
    rows_sent: int
    rows_removed: int
    rejected: tuple[tuple[str, str], ...] = ()
    reason: str | None = None
    members: dict[str, tuple[int, int]] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0
    read_back: str | None = None
    erased: int = 0


def told(delivery: Delivery) -> str:
    """A delivery in a few words."""
    if delivery.reason is not None:
        return f"{delivery.destination} stopped: {delivery.reason}"
    rejected = f", {len(delivery.rejected)} rejected" if delivery.rejected else ""
    erased = f", {delivery.erased} erased" if delivery.erased else ""
    return f"{delivery.destination} received {delivery.rows_sent} profiles{rejected}{erased}"


def record_deliveries(home: Home, run_id: str, deliveries: list[Delivery]) -> None:
    """What the run's destinations received; a delivery resumed adds to what stood there, a file's stands once."""
    with update_ops(home) as connection:
        for delivery in deliveries:
            _record_delivery(connection, run_id, delivery)


def _record_delivery(connection: duckdb.DuckDBPyConnection, run_id: str, delivery: Delivery) -> None:
    name = delivery.destination
    if not delivery.requests:
        for table in ("sync_runs", "sync_rejects"):
            connection.execute(f"delete from {table} where run_id = ? and destination = ?", [run_id, name])
    status, note = ("stopped", delivery.reason) if delivery.reason else ("delivered", delivery.read_back)
    rejected = len(delivery.rejected)
    members = dict(delivery.members)
    _, gone = members.pop(NAME, (0, 0 if members else delivery.rows_removed))
    rows = [(NAME, delivery.rows_sent, gone, rejected)]
    if delivery.erased:
        rows.append((ERASURES, 0, delivery.erased, 0))
    rows += [(audience, added, removed, 0) for audience, (added, removed) in sorted(members.items())]
    for payload, sent, removed, refused in rows:
        connection.execute(
            """insert into sync_runs (run_id, destination, payload, rows_sent, rows_removed, status, reason,
                   rows_rejected, requests, seconds) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [run_id, name, payload, sent, removed, status, note, refused, delivery.requests, delivery.seconds],
        )
    hashes, codes = ([one[i] for one in delivery.rejected] for i in (0, 1))
    connection.execute(
        """insert into sync_rejects select ? as run_id, ? as destination, unnest(?::varchar[]), unnest(?::varchar[])
           except select * from sync_rejects where run_id = ? and destination = ?""",
        [run_id, name, hashes, codes, run_id, name],
    )


def record_guards(home: Home, run_id: str, judged: list[Finding]) -> None:
    """What refused, and what was set aside by whom and why; nothing to tell writes nothing."""
    if not judged:
        return
    with update_ops(home) as connection:
        connection.execute("delete from sync_guards where run_id = ?", [run_id])
        for one in judged:
            by, reason = (one.override.by, one.override.reason) if one.override else (None, None)
            outcome = "overridden" if one.override else "refused"
            row = [
                run_id,
                one.destination,
                one.audience,
                one.guard,
                one.count,
                one.total,
                outcome,
                one.told,
                by,
                reason,
            ]
            connection.execute("insert into sync_guards values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def record_left_out(home: Home, connection: duckdb.DuckDBPyConnection, as_of_date: date) -> None:
    """Who was held out of which audience, from which day on; who had no contact left, tonight."""
    rows = connection.execute("select * from left_out order by all").fetchall()
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    with update_ops(home) as ops:
        ops.execute(
            """insert into sync_left_out
               select unnest(?::varchar[]) as destination, unnest(?::varchar[]) as audience,
                   unnest(?::varchar[]) as customer_id, unnest(?::varchar[]) as reason, ?::date as since
               except all select destination, audience, customer_id, reason, ?::date from sync_left_out""",
            [*columns, as_of_date, as_of_date],
        )


def record_refused(home: Home, run_id: str, as_of_date: str, reason: str) -> None:
    """A guard refused: nothing was sent and the swap did not happen."""
    with update_ops(home) as connection:
        connection.execute("delete from sync_runs where run_id = ?", [run_id])
        connection.execute(
            """insert into sync_runs (run_id, destination, payload, rows_sent, rows_removed, status, reason)
               values (?, null, ?, 0, 0, 'refused', ?)""",
            [run_id, NAME, reason],
        )
    record_run(home, run_id, as_of_date, "refused", reason)


def record_rollback(home: Home, run_id: str, as_of_date: str, replaced: str | None) -> None:
    """A row of its own, beside the row of the night that built the run."""
    now = datetime.now(UTC).replace(tzinfo=None)
    reason = f"published again in place of {replaced or 'nothing'}"
    with update_ops(home) as connection:
        connection.execute(
            "insert into runs values (?, ?, ?, ?, 'rolled_back', ?)", [run_id, as_of_date, now, now, reason]
        )


def is_recorded(home: Home, run_id: str) -> bool:
    """Whether ops knows that this run is published."""
    if not home.ops.is_file():
        return False
    with duckdb.connect(str(home.ops), read_only=True) as connection:
        found = connection.execute(
            "select count(*) from runs where run_id = ? and status in ('published', 'rolled_back')", [run_id]
        ).fetchone()
    return bool(found[0])


def refused_last(home: Home) -> str | None:
    """The newest run if it was refused, by the gate or by a guard: then nothing of an older one is sent."""
    if not home.ops.is_file():
        return None
    with duckdb.connect(str(home.ops), read_only=True) as connection:
        newest = "select run_id, status from runs order by started_at desc, run_id desc limit 1"
        row = connection.execute(newest).fetchone()
    return row[0] if row is not None and row[1] == "refused" else None
