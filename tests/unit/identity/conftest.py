"""A little clean lake: typed Parquet from rows that name only the columns a test is about.

`email`, `phone`, `first_name`, `last_name`, `address` and `postal_code` fill the raw and the clean column
alike; a contact is valid unless the row says otherwise.
"""

from collections.abc import Callable
from datetime import date

import duckdb
import pyarrow as pa
import pytest

from dagster_project.feeds import load_feeds
from dagster_project.home import Home
from dagster_project.identity import resolve
from dagster_project.identity.observations import TILL_FEEDS
from dagster_project.network import Network

AS_OF = date(2026, 10, 31)
PERSON = ("email", "phone", "first_name", "last_name", "address", "postal_code")
PERSON_COLUMNS = {f"clean_{name}": "VARCHAR" for name in PERSON} | {
    "email_validity": "VARCHAR",
    "phone_validity": "VARCHAR",
}
CONTACT_COLUMNS = {"clean_contact": "VARCHAR", "contact_kind": "VARCHAR", "contact_validity": "VARCHAR"}
_EMPTY_FILES: dict[str, bytes] = {}
CONTACT_FEEDS = ("consents", "engagement")
TILL_NAMES = {"email": "customer_email", "phone": "customer_phone"}


class CleanLake:
    def __init__(self, home: Home):
        self.home = home
        self.con = duckdb.connect()
        for feed in load_feeds():
            self._put_empty(feed)

    def _put_empty(self, feed: str) -> None:
        """A clean file without rows, as every feed has one; made once, and copied for every lake."""
        if feed not in _EMPTY_FILES:
            self.put(feed, [], "_empty")
            _EMPTY_FILES[feed] = (self.home.clean(feed) / "_empty.parquet").read_bytes()
        self.home.clean(feed).mkdir(parents=True, exist_ok=True)
        (self.home.clean(feed) / "_empty.parquet").write_bytes(_EMPTY_FILES[feed])

    def put(self, feed: str, rows: list[dict], file_key: str = "f1", location_id: str = "l1") -> None:
        """Write one clean file."""
        schema = load_feeds()[feed].landed_schema()
        schema = schema | (CONTACT_COLUMNS if feed in CONTACT_FEEDS else PERSON_COLUMNS)
        filled = {"source_system": "square", "customer_id_scope": "location", "file_key": file_key}
        if feed in ("customers", *TILL_FEEDS):
            filled["location_id"] = location_id
        rows = [filled | {"row_number": n} | _widen(feed, row) for n, row in enumerate(rows, 1)]
        path = self.home.clean(feed) / f"{file_key}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_typed(self.con, path, schema, rows)

    def customers(self, *rows: dict, **where) -> None:
        """Customers that are on file since 2026-01-01 unless the row says otherwise."""
        self.put(
            "customers",
            [{"created_at": "2026-01-01", "account_kind": "person"} | row for row in rows],
            **where,
        )

    def orders(self, *rows: dict, **where) -> None:
        self.put("orders", list(rows), **where)

    def remove(self, feed: str, file_key: str) -> None:
        (self.home.clean(feed) / f"{file_key}.parquet").unlink()

    def resolve(self, as_of: date = AS_OF) -> dict:
        return resolve(self.home, Network(file=self.home.root / "network.yaml"), as_of, b"test-key")

    def publish(self, run_id: str) -> None:
        """What a publishing swap does for identity: the candidate's state becomes the current one."""
        state = self.home.state / run_id
        state.mkdir(parents=True)
        for path in self.home.candidate_state.iterdir():
            path.rename(state / path.name)
        (self.home.snapshots / run_id).mkdir(parents=True)
        self.home.published.unlink(missing_ok=True)
        self.home.published.symlink_to(self.home.snapshots / run_id)

    def read(self, output: str) -> list[dict]:
        return self.query(f"select * from '{self.home.identity / output}.parquet'")

    def query(self, sql: str) -> list[dict]:
        return self.con.execute(sql).to_arrow_table().to_pylist()

    def ids(self) -> dict[str, str]:
        """source_record_id -> customer_id, open periods."""
        rows = self.read("customer_identities")
        return {r["source_record_id"]: r["customer_id"] for r in rows if r["valid_to"] is None}

    def people(self) -> set[frozenset[str]]:
        """The partition: which source record ids are one customer."""
        together: dict[str, set[str]] = {}
        for record, customer in self.ids().items():
            together.setdefault(customer, set()).add(record)
        return {frozenset(records) for records in together.values()}

    def golden(self) -> dict[str, dict]:
        return {row["customer_id"]: row for row in self.read("golden_records")}


def _widen(feed: str, row: dict) -> dict:
    wide = dict(row)
    for name in PERSON:
        if name not in row:
            continue
        value = wide.pop(name)
        raw = TILL_NAMES.get(name, name) if feed in TILL_FEEDS else name
        if name in ("email", "phone"):
            validity = wide.setdefault(f"{name}_validity", "valid")
            wide |= {raw: value} | ({f"clean_{name}": value} if validity == "valid" else {})
        else:
            wide |= {raw: value, f"clean_{name}": value}
    if feed not in CONTACT_FEEDS:
        wide = {"email_validity": "missing", "phone_validity": "missing"} | wide
    return wide


def write_typed(con, path, schema: dict[str, str], rows: list[dict]) -> None:
    texts = {c: pa.array([None if r.get(c) is None else str(r[c]) for r in rows], pa.string()) for c in schema}
    con.register("given", pa.table(texts))
    typed = ", ".join(f'"{c}"::{t} as "{c}"' for c, t in schema.items())
    con.execute(f"copy (select {typed} from given) to '{path}' (format parquet)")
    con.unregister("given")


@pytest.fixture
def lake(tmp_path) -> CleanLake:
    return CleanLake(Home(tmp_path))


@pytest.fixture(scope="module")
def new_lake(tmp_path_factory) -> Callable[[], CleanLake]:
    """A lake for the tests of a module together."""
    return lambda: CleanLake(Home(tmp_path_factory.mktemp("lake")))


def person(record: str, name: str | None = None, **columns) -> dict:
    """A customers row from "First Last"."""
    first, _, last = (name or "").partition(" ")
    return {"source_customer_id": record, "first_name": first or None, "last_name": last or None} | columns


@pytest.fixture(name="person")
def person_fixture():
    return person


@pytest.fixture
def network(lake) -> Network:
    return Network(file=lake.home.root / "network.yaml", paths={"home": "."})


@pytest.fixture
def two_nancys(lake, person) -> None:
    """Records 1 and 2 of one town, 3 and 4 of another, and only the phone of 1 and 3 between them."""
    here = {"email": "nancy@mail.example", "address": "17 Orchard Lane", "postal_code": "08820"}
    there = {"email": "artist@mail.example", "address": "402 Quarry Street", "postal_code": "18510"}
    lake.customers(
        person("1", "Nancy Whitfield", phone="+17325550118", **here, region="NJ"),
        person("2", "Nancy Whitfield", **here),
        person("3", "Nancy Whitfield", phone="+17325550118", **there, payment_fingerprint="VISA:1234"),
        person("4", "Nancy Whitfield", phone="+15705550173", **there),
    )
    days = {"1": (1, 2, 3), "2": (3,), "3": (2, 9), "4": (3,)}
    lake.orders(
        *(
            {
                "order_id": f"{record}-{day}",
                "ordered_at": f"2026-10-{day:02} 09:00:00",
                "business_date": f"2026-10-{day:02}",
                "source_customer_id": record,
            }
            for record, days_of in days.items()
            for day in days_of
        )
    )
    lake.resolve()
