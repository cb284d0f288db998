"""What a night's last lines tell of its files."""

import duckdb

from dagster_project.cli.summary import what_happened
from dagster_project.ops import update_ops

LINES = "order_id,ordered_at,quantity,net_amount,line_number\n"


def test_each_thing_that_happened_is_told_and_a_file_that_is_gone_once(zone) -> None:
    def night(status: str) -> dict[str, list[str]]:
        run_id = zone.land().run_id
        with update_ops(zone.network.home) as ops:
            ops.execute("update runs set status = ? where run_id = ?", [status, run_id])
        with duckdb.connect(str(zone.network.home.ops), read_only=True) as ops:
            return {title: lines for title, lines in what_happened(ops).items() if lines}

    zone.put("shop_1/a.csv", LINES + "o1,2026-10-05,1,4,one\n,2026-10-05,1,4,2\n")
    zone.put("shop_1/b.csv", LINES + "o2,2026-10-05,1,4,1\n")
    zone.put("shop_1/c.csv", "who,knows\n1,2\n")
    told = night("published")
    assert told == {
        "Files set aside": [
            "shop_1/c.csv: no source contract knows this header; describe it in sources/ beside network.yaml: "
            "`make check` proposes a contract to start from"
        ],
        "Rows rejected": ["1 x shop_1/a.csv: order_id: empty, but required"],
        "Values that could not be read: their rows landed without them": [
            "1 x shop_1/a.csv: line_number: not an integer"
        ],
    }
    (zone.folder / "landing/shop_1/b.csv").unlink()
    # The refused night ended without these lines: the next one tells.
    assert night("refused")["Files gone"][0].startswith("shop_1/b.csv: gone from the landing zone, and its row")
    assert len(night("published")["Files gone"]) == 1
    assert "Files gone" not in night("published")


def test_files_that_are_set_aside_or_in_doubt_for_one_reason_are_told_once_of_each_feed(zone) -> None:
    people = "source_customer_id,email,email_consent\n1,{}@example.org,granted\n"
    for shop in (1, 2, 3):
        zone.put(f"shop {shop}/sheet.csv", "who,knows\n1,2\n")
        zone.put(f"shop {shop}/sales of 2 days.csv", LINES + "o1,2026-10-05,1,4,1\n")
        for name in ("before", "after"):
            zone.put(f"shop {shop}/{name} all.csv", people.format(f"{name}{shop}"))
    for shop in (1, 2):
        zone.put(f"shop {shop}/cases.csv", "case_id,location_id,opened_at\nc1,,2026-10-05\n")
    zone.put("shop 1/more.csv", "")
    zone.land()
    with duckdb.connect(str(zone.network.home.ops), read_only=True) as ops:
        told = what_happened(ops)
    assert [line.partition(": ")[0] for line in told["Files set aside"]] == [
        "shop 1/more.csv",
        "3 files, such as shop 1/sheet.csv",
    ]
    doubts = [(line.partition(": ")[0], line.rpartition("; see ")[2]) for line in told["Files in doubt"]]
    assert doubts == [
        ("3 files of canonical customers, such as shop 1/before all.csv", "shop 1/after all.csv"),
        ("shop 2/cases.csv", "shop 1/cases.csv"),
        ("2 files of canonical order_lines, such as shop 2/sales of 2 days.csv", "shop 1/sales of 2 days.csv"),
    ]
