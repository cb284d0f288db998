"""A steward's word as a feed: one decision, one small file at the front door."""

import csv
import io
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.errors import IdentityError
from dagster_project.network import Network

DECISIONS = ("merge", "separate", "withdraw")
COLUMNS = (
    "decision", "left_source", "left_location_id", "left_id", "right_source", "right_location_id", "right_id",
    "decided_by", "decided_at", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A record as the mart customer_identities names it; `location_id` is empty where its ids hold everywhere."""

    source: str
    location_id: str
    source_record_id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.location_id}/{self.source_record_id}"


def decide(network: Network, decision: str, left: str, right: str, by: str, reason: str, at: datetime) -> Path:
    """Write landing/hq/decisions-<time>.csv with one decision about two records, and return its path.

    `left` and `right` are records written source/location/id, or customer ids, which stand for the customer's first
    record. Nothing is changed until the next run reads the file. Raises IdentityError when a word is not understood,
    a record is not known, or the landing zone lies elsewhere.
    """
    if decision not in DECISIONS:
        raise IdentityError(f"DECISION={decision}: one of {', '.join(DECISIONS)}")
    if network.landing_url:
        raise IdentityError(f"{network.landing_url}: read only from here; deliver the decision as a file in hq/ there")
    one, other = find_record(network, left, "LEFT"), find_record(network, right, "RIGHT")
    if one == other:
        raise IdentityError(f"LEFT={left} RIGHT={right}: both are record {one}; name two records")
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    row = (decision, one.source, one.location_id, one.source_record_id, other.source, other.location_id,
           other.source_record_id, by, stamp, reason)  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, row])
    folder = network.landing / "hq"
    folder.mkdir(parents=True, exist_ok=True)
    beside = network.home.root / "decision.new"
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(text.getvalue(), encoding="utf-8")
    name = f"decisions-{at:%Y%m%dT%H%M%SZ}"
    path = folder / f"{name}.csv"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.csv"
    os.replace(beside, path)
    return path


def find_record(network: Network, name: str, side: str) -> Record:
    """The record meant by source/location/id, by an id alone where it is one record's, or by a customer id."""
    path = network.home.identity / "customer_identities.parquet"
    if not path.is_file():
        raise IdentityError(f"{path}: no night has run here yet; run make run NETWORK={network.file} first")
    if not name:
        raise IdentityError(f"{side} is missing: a record as make explain prints it (source/location/id)")
    source, _, rest = name.partition("/")
    location, _, record = rest.partition("/")
    rows = duckdb.execute(
        """select distinct source, coalesce(location_id, '') as location_id, source_record_id, record_key,
                  customer_id = $name as is_customer
           from read_parquet($path) where valid_to is null
             and (customer_id = $name or source_record_id = $name
                  or source = $source and coalesce(location_id, '') = $location and source_record_id = $record)
           order by record_key""",
        {"name": name, "path": str(path), "source": source, "location": location, "record": record},
    ).fetchall()
    if not rows:
        raise IdentityError(
            f"{side}={name}: no such record or customer; make explain prints records as source/location/id"
        )
    if len(rows) > 1 and not rows[0][4]:
        known = ", ".join(str(Record(*row[:3])) for row in rows[:3])
        raise IdentityError(
            f"{side}={name}: {len(rows)} records have this id ({known} ..); name one as source/location/id"
        )
    return Record(*rows[0][:3])
