"""A chain whose tills write neither receipt numbers nor amounts: orders are derived, prices come from a list."""

import importlib.util
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.night.conftest import REAL_DATA, Nights

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "maven_market"


@pytest.fixture(scope="module")
def maven(tmp_path_factory) -> Nights:
    data = REAL_DATA / "maven_market"
    if not data.is_dir():
        pytest.skip(f"no Maven Market files in {data}; set REGULARS_DATA to the folder that holds maven_market/")
    folder = tmp_path_factory.mktemp("maven")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("landing", "home"))
    spec = importlib.util.spec_from_file_location("lay_out_maven", EXAMPLE / "lay_out.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.lay_out(data, folder / "landing") == 5
    nights = Nights(folder / "network.yaml", folder / "books")
    assert nights.run().success
    return nights


def test_every_row_lands(maven: Nights) -> None:
    landed = maven.ops("select feed, sum(rows_read), sum(rows_landed) from files group by feed order by feed")
    assert landed == [
        ("customers", 10281, 10281),
        ("locations", 24, 24),
        ("order_lines", 86837 + 2254, 86837 + 2254),
        ("products", 1560, 1560),
    ]


def test_sales_and_returns_are_quantity_times_list_price(maven: Nights) -> None:
    """The totals were added up from the files by hand: quantity x product_retail_price, per table."""
    totals = dict(maven.query("select kind, sum(net_amount) from fct_order_lines group by kind"))
    assert totals == {"sale": Decimal("565238.13"), "refund": Decimal("-5533.35")}


def test_an_order_is_a_customers_day_at_a_store(maven: Nights) -> None:
    orders = maven.query(
        """select count(*), count(distinct location_id) from fct_orders where customer_id is not null"""
    )
    assert orders == [(20530, 13)]
    # The data set's own page: 748 customers shop in several stores.
    several = maven.query(
        """select count(*) from (select customer_id from fct_orders where customer_id is not null
           group by customer_id having count(distinct location_id) > 1)"""
    )
    assert several == [(748,)]
