"""Genuine Square item exports (pseudonymised): whole, and cut into overlapping exports that come in any order.

The totals were added up by hand from the files: rows 223 + 210 + 366 + 306 + 417 + 187, net $1,739.00 + $1,559.42 +
$2,867.00 + $2,267.00 + $3,176.00 + $1,428.00, and one refund of $7.00 among them.
"""

import csv
import io
import os
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.extract.landing_zone import LandingZone

DATA = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
TOTALS = (
    "count(*), sum(net_amount), count(*) filter (where kind = 'refund'), sum(net_amount) filter (where kind = 'refund')"
)
WHOLE = (1709, Decimal("13036.42"), 1, Decimal("-7.00"))
LINE = "order_id, check_id, ordered_at, product_id, quantity, net_amount, tax_amount, kind, source_customer_id"


@pytest.fixture(scope="module")
def files() -> list[Path]:
    found = sorted((DATA / "square_items").glob("*.csv"))
    if not found:
        pytest.skip(f"no files in {DATA / 'square_items'}; set REGULARS_DATA to the folder that holds square_items/")
    return found


@pytest.fixture(scope="module")
def rows(files) -> list[dict[str, str]]:
    return [row for file in files for row in csv.DictReader(io.StringIO(file.read_text(), newline=""))]


def test_the_files_load_whole(files, tmp_path) -> None:
    zone = LandingZone(tmp_path)
    for file in files:
        zone.put(f"coffee_club/{file.name}", file.read_bytes())
    landed = zone.land()
    assert zone.rows("order_lines", TOTALS) == [WHOLE]
    assert sum(e.rows_read for e in landed.entries) == WHOLE[0]
    assert sum(e.rows_rejected + e.rows_duplicate for e in landed.entries) == 0
    assert zone.ops("select * from drift") == []


def test_overlapping_exports_and_a_name_that_came_later_give_the_same_in_any_order(rows, tmp_path) -> None:
    whole = LandingZone(tmp_path / "whole")
    whole.put("coffee_club/all.csv", _export(rows))
    whole.land()
    exports = _overlapping(rows)
    # Most lines stand in two exports; the newer one knows who it was.
    assert sum(text.count("\n") - 1 for text, _ in exports.values()) > 1.5 * len(rows)
    named = {key: name for _, names in exports.values() for key, name in names.items()}
    for seed in range(3):
        zone = LandingZone(tmp_path / str(seed))
        order = list(exports)
        random.Random(seed).shuffle(order)
        for name in order[:4]:
            zone.put(f"coffee_club/{name}.csv", exports[name][0])
        zone.land()
        for name in order[4:]:
            zone.put(f"coffee_club/{name}.csv", exports[name][0])
        zone.put("coffee_club/again.csv", exports[order[0]][0])
        zone.land()
        assert zone.rows("order_lines", TOTALS) == [WHOLE]
        assert zone.rows("order_lines", LINE) == whole.rows("order_lines", LINE)
        told = zone.rows("order_lines", "order_id, check_id, customer_name")
        assert all(name == named[order_id, check_id] for order_id, check_id, name in told)


def _overlapping(rows: list[dict[str, str]]) -> dict[str, tuple[str, dict]]:
    """Exports of twelve days, one each sixth day: text, and the name that each payment of its has there."""
    first = date.fromisoformat(min(row["Date"] for row in rows))
    last = date.fromisoformat(max(row["Date"] for row in rows))
    exports, start, number = {}, first - timedelta(6), 0
    while start + timedelta(6) <= last:
        inside = [row for row in rows if start <= date.fromisoformat(row["Date"]) < start + timedelta(12)]
        known = [row | {"Customer Name": f"Guest as of export {number}"} for row in inside]
        names = {(row["Transaction ID"], row["Payment ID"]): row["Customer Name"] for row in known}
        if known:
            exports[f"{start}"] = (_export(known), names)
        start, number = start + timedelta(6), number + 1
    return exports


def _export(rows: list[dict[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
