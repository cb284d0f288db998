"""An analyst's open file neither disturbs a night nor is disturbed by one."""

import subprocess
import sys

READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
first = connection.execute("select count(*), sum(net_amount) from fct_orders").fetchall()
print("open", flush=True)
sys.stdin.readline()
again = connection.execute("select count(*), sum(net_amount) from fct_orders").fetchall()
print("same" if first == again else f"changed: {first} {again}", flush=True)
"""


def test_a_reader_keeps_its_snapshot_while_a_night_replaces_it(new_nights) -> None:
    nights = new_nights()
    shop = nights.network.landing / "shop_1"
    shop.mkdir()
    header = "order_id,line_id,ordered_at,quantity,net_amount,source_customer_id\n"
    (shop / "monday.csv").write_text(header + "o1,1,2026-10-05T08:00:00,1,4,kate\n")
    assert nights.run().success
    before = nights.network.home.published_run()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(nights.network.home.published / "marts.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout.readline() == "open\n"
    (shop / "tuesday.csv").write_text(header + "o2,1,2026-10-06T08:00:00,1,5,kate\n")
    assert nights.run().success
    assert nights.network.home.published_run() != before
    reader.stdin.write("\n")
    reader.stdin.flush()
    assert reader.stdout.readline() == "same\n"
    reader.wait()
    assert nights.query("select count(*) from fct_orders") == [(2,)]
