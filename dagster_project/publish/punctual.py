"""publish.ready_by: the hour by which a night is to be ready, where the network is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from dagster_project.home import Home
from dagster_project.network import Network


def lateness(home: Home, network: Network, run_id: str, now: datetime | None = None) -> str | None:
    """How late a run is, in words, or None: its deadline is the first ready_by after it began. now: UTC, aware."""
    if not home.ops.is_file():
        return None
    with duckdb.connect(str(home.ops), read_only=True) as connection:
        row = connection.execute(
            "select min(started_at) from runs where run_id = ? and status <> 'rolled_back'", [run_id]
        ).fetchone()
    if row is None or row[0] is None:
        return None
    began = row[0].replace(tzinfo=UTC).astimezone(ZoneInfo(network.network.timezone))
    hour, minute = map(int, network.publish.ready_by.split(":"))
    deadline = began.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if deadline < began:
        deadline += timedelta(days=1)
    late = (now or datetime.now(UTC)) - deadline
    if late <= timedelta(0):
        return None
    return f"ready {int(late.total_seconds() // 60)} minutes after publish.ready_by {network.publish.ready_by}"
