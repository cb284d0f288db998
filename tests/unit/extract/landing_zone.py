"""A landing zone of a few readable files, and what landing made of it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dagster_project.extract.nightly import Landed, extract_night
from dagster_project.network import Network, load_network

DELIVERED = datetime(2026, 11, 1, 9, tzinfo=UTC)


class LandingZone:
    """Files are put in as text or bytes; `land()` runs the extract stage on what is there."""

    def __init__(self, folder: Path):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.file = folder / "network.yaml"
        self.file.write_text("network:\n")
        (folder / "landing").mkdir()

    def put(self, path: str, content: str | bytes, delivered: datetime = DELIVERED) -> Path:
        target = self.folder / "landing" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(target, (delivered.timestamp(), delivered.timestamp()))
        return target

    @property
    def network(self) -> Network:
        return load_network(self.file)

    def land(self) -> Landed:
        landed = extract_night(self.network)
        for entry in landed.entries:
            assert entry.rows_read == entry.rows_landed + entry.rows_duplicate + entry.rows_rejected, entry.path
        return landed

    def entry(self, landed: Landed, path: str):
        return next(e for e in landed.entries if e.path == path)

    def rows(self, feed: str, columns: str, order: str = "all") -> list[tuple]:
        """The rows that count: landed and not superseded."""
        home = self.network.home
        paths = [str(p) for p in sorted(home.landed(feed).glob("*.parquet"))]
        if not paths:
            return []
        return duckdb.execute(
            f"""select {columns} from read_parquet($paths) l
                anti join read_parquet($superseded) s using (file_key, row_number) order by {order}""",
            {"paths": paths, "superseded": str(home.superseded)},
        ).fetchall()

    def ops(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.network.home.ops), read_only=True) as connection:
            return connection.execute(query).fetchall()
