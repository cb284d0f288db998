"""What publishing tells ops: counts, codes and keyed hashes, never an address."""

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from dagster_project.home import Home
from dagster_project.ops import update_ops
from dagster_project.publish.payload import NAME
from dagster_project.seal import record_run


@dataclass(frozen=True)
class Delivery:
    """What one destination received; rejected: (keyed hash, code) per record set aside."""

    destination: str
    rows_sent: int
    rows_removed: int
    rejected: tuple[tuple[str, str], ...]


def record_deliveries(home: Home, run_id: str, deliveries: list[Delivery]) -> None:
    """The run's destinations have received; recorded again, it stands once."""
    with update_ops(home) as connection:
        for table in ("sync_runs", "sync_rejects"):
            connection.execute(f"delete from {table} where run_id = ?", [run_id])
        for delivery in deliveries:
            connection.execute(
                "insert into sync_runs values (?, ?, ?, ?, ?, 'delivered', null)",
                [run_id, delivery.destination, NAME, delivery.rows_sent, delivery.rows_removed],
            )
            hashes, codes = ([rejected[i] for rejected in delivery.rejected] for i in (0, 1))
            connection.execute(
                "insert into sync_rejects select ?, ?, unnest(?::varchar[]), unnest(?::varchar[])",
                [run_id, delivery.destination, hashes, codes],
            )


def record_refused(home: Home, run_id: str, as_of_date: str, reason: str) -> None:
    """A guard refused: nothing was sent and the swap did not happen."""
    with update_ops(home) as connection:
        connection.execute("delete from sync_runs where run_id = ?", [run_id])
        connection.execute("insert into sync_runs values (?, null, ?, 0, 0, 'refused', ?)", [run_id, NAME, reason])
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
