"""A steward's word as a feed: one decision, one small file at the front door."""

import csv
import io
import os
from datetime import datetime
from pathlib import Path

from dagster_project.errors import IdentityError
from dagster_project.identity.lookup import find_record
from dagster_project.network import Network

DECISIONS = ("merge", "separate", "withdraw")
COLUMNS = (
    "decision", "left_source", "left_location_id", "left_id", "right_source", "right_location_id", "right_id",
    "decided_by", "decided_at", "reason",
)  # fmt: skip


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
