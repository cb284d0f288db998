"""A little landed lake: typed Parquet from rows that name only the columns a test is about."""

import duckdb
import pyarrow as pa
import pytest

from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.network import Network


class LandedLake:
    def __init__(self, home: Home):
        self.home = home
        self.con = duckdb.connect()
        self.files: dict[tuple[str, str], tuple[str, int]] = {}
        self.superseded: list[tuple[str, str, int]] = []

    def land(self, feed: str, file_key: str, rows: list[dict], location_id: str = "l1") -> None:
        """One landed file; location_id, source and row numbers are filled in."""
        schema = load_feeds()[feed].landed_schema()
        filled = {"source_system": "square", "customer_id_scope": "location", "file_key": file_key}
        if "location_id" in schema:
            filled["location_id"] = location_id
        rows = [filled | {"row_number": number} | row for number, row in enumerate(rows, 1)]
        write_typed(self.con, self.home.landed(feed) / f"{file_key}.parquet", schema, rows)
        self.files[(feed, file_key)] = (location_id, len(rows))
        self._write_ledger()

    def forget(self, feed: str, file_key: str) -> None:
        del self.files[(feed, file_key)]
        self._write_ledger()

    def supersede(self, feed: str, file_key: str, row_number: int) -> None:
        self.superseded.append((feed, file_key, row_number))
        schema = {"feed": "VARCHAR", "file_key": "VARCHAR", "row_number": "BIGINT"}
        rows = [dict(zip(schema, row, strict=True)) for row in self.superseded]
        write_typed(self.con, self.home.superseded, schema, rows)

    def _write_ledger(self) -> None:
        schema = {"feed": "VARCHAR", "file_key": "VARCHAR", "location_id": "VARCHAR", "status": "VARCHAR"}
        rows = [
            {"feed": feed, "file_key": key, "location_id": location, "status": "landed", "rows_landed": count}
            for (feed, key), (location, count) in self.files.items()
        ]
        write_typed(self.con, self.home.ledger, schema | {"rows_landed": "BIGINT"}, rows)

    def clean(self, feed: str, file_key: str) -> list[dict]:
        path = str(self.home.clean(feed) / f"{file_key}.parquet")
        return (
            self.con.execute("select * from read_parquet(?, file_row_number = true) order by file_row_number", [path])
            .to_arrow_table()
            .to_pylist()
        )


def write_typed(con, path, schema: dict[str, str], rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {c: pa.array([None if r.get(c) is None else str(r[c]) for r in rows], pa.string()) for c in schema}
    con.register("given", pa.table(texts))
    typed = ", ".join(f'"{c}"::{t} as "{c}"' for c, t in schema.items())
    con.execute(f"copy (select {typed} from given) to '{path}' (format parquet)")
    con.unregister("given")


@pytest.fixture
def lake(tmp_path) -> LandedLake:
    return LandedLake(Home(tmp_path))


@pytest.fixture
def network(tmp_path) -> Network:
    return Network(file=tmp_path / "network.yaml")
