"""Clean files follow their landed files: what is written, kept, removed, and recovered after a kill."""

import os

import pytest

from dagster_project.clean import clean_feeds, files
from dagster_project.clean.columns import free_text_columns
from dagster_project.errors import UnreadableFile
from dagster_project.feeds import load_feeds

ANA = {
    "source_customer_id": "1",
    "full_name": "DIAZ, ANA",
    "email": " Ana@Mail.Example",
    "phone": "(212) 555-0101",
}


def written(summary: dict) -> dict[str, int]:
    return {feed: counts["written"] for feed, counts in summary.items() if counts["written"]}


def names(lake, feed: str) -> set[str]:
    return {path.name for path in lake.home.clean(feed).iterdir()}


def stamps(lake, feed: str) -> dict[str, int]:
    return {p.name: p.stat().st_ino for p in lake.home.clean(feed).iterdir() if p.name != "_empty.parquet"}


def test_landed_columns_stay_and_clean_columns_stand_beside(lake, network):
    lake.land("customers", "f1", [ANA | {"address": " 1  Main St ", "postal_code": "2134"}])
    clean_feeds(lake.home, network)
    [row] = lake.clean("customers", "f1")
    assert row["email"] == " Ana@Mail.Example"
    assert {key: row[key] for key in row if key.startswith("clean_") or key.endswith("_validity")} == {
        "clean_email": "ana@mail.example",
        "email_validity": "valid",
        "clean_phone": "+12125550101",
        "phone_validity": "valid",
        "clean_first_name": "Ana",
        "clean_last_name": "Diaz",
        "clean_address": "1 Main St",
        "clean_postal_code": "02134",
    }


def test_a_full_name_is_split_only_where_there_is_no_other_name(lake, network):
    lake.land("customers", "f1", [{"source_customer_id": "1", "first_name": "BOB", "full_name": "Ana Diaz"}])
    clean_feeds(lake.home, network)
    [row] = lake.clean("customers", "f1")
    assert (row["clean_first_name"], row["clean_last_name"]) == ("Bob", None)


def test_every_feed_has_an_empty_file_of_the_full_schema(lake, network):
    lake.land("customers", "f1", [ANA])
    clean_feeds(lake.home, network)
    for feed in load_feeds():
        sql = f"describe select * from '{lake.home.clean(feed)}/_empty.parquet'"
        described = {name: type_ for name, type_, *_ in lake.con.execute(sql).fetchall()}
        assert described == files.clean_schema(load_feeds()[feed])
    sql = f"describe select * from '{lake.home.clean('customers')}/f1.parquet'"
    described = {name: type_ for name, type_, *_ in lake.con.execute(sql).fetchall()}
    assert described == files.clean_schema(load_feeds()["customers"])


def test_consents_tell_the_kind_of_their_contact(lake, network):
    said = {"channel": "email", "state": "granted", "at": "2026-01-01 10:00"}
    lake.land("consents", "f1", [{"contact": "Ana@Mail.Example"} | said, {"contact": "212 555 0101"} | said], "hq")
    clean_feeds(lake.home, network)
    assert [(r["clean_contact"], r["contact_kind"]) for r in lake.clean("consents", "f1")] == [
        ("ana@mail.example", "email"),
        ("+12125550101", "phone"),
    ]


def test_superseded_rows_are_left_out_and_rows_stay_in_order(lake, network):
    lake.land("customers", "f1", [{"source_customer_id": str(n)} for n in range(1, 6)])
    lake.supersede("customers", "f1", 2)
    lake.supersede("customers", "other", 3)
    clean_feeds(lake.home, network)
    assert [row["row_number"] for row in lake.clean("customers", "f1")] == [1, 3, 4, 5]


def test_a_file_whose_rows_are_all_superseded_is_empty(lake, network):
    lake.land("customers", "f0", [ANA])
    lake.land("customers", "f1", [ANA])
    lake.supersede("customers", "f1", 1)
    clean_feeds(lake.home, network)
    assert (len(lake.clean("customers", "f0")), len(lake.clean("customers", "f1"))) == (1, 0)


def test_counts_per_feed_cover_kept_files_too(lake, network):
    lake.land("customers", "f1", [ANA, {"source_customer_id": "2", "email": "x@", "phone": "0000000000"}])
    lake.land("consents", "f1", [{"contact": "?", "channel": "sms", "state": "denied", "at": "2026-01-01"}], "hq")
    expected = {"rows": 2, "invalid_emails": 1, "invalid_phones": 1, "invalid_contacts": 0}
    for _ in range(2):
        summary = clean_feeds(lake.home, network)
        assert {key: summary["customers"][key] for key in expected} == expected
        assert summary["consents"]["invalid_contacts"] == 1


def test_only_what_changed_is_written_again(lake, network):
    lake.land("customers", "f1", [ANA])
    lake.land("customers", "f2", [ANA])
    assert written(clean_feeds(lake.home, network)) == {"customers": 2}
    before = stamps(lake, "customers")
    assert written(clean_feeds(lake.home, network)) == {}
    assert stamps(lake, "customers") == before
    lake.supersede("customers", "f2", 1)
    assert written(clean_feeds(lake.home, network)) == {"customers": 1}
    lake.land("customers", "f1", [ANA, ANA])
    assert written(clean_feeds(lake.home, network)) == {"customers": 1}
    assert len(lake.clean("customers", "f1")) == 2


def test_another_version_of_the_cleaning_code_writes_everything_again(lake, network, monkeypatch):
    lake.land("customers", "f1", [ANA])
    clean_feeds(lake.home, network)
    monkeypatch.setattr(files, "CLEANING", "next")
    assert written(clean_feeds(lake.home, network)) == {"customers": 1}


def test_a_phone_is_read_in_its_locations_country(lake, network):
    german = {"source_customer_id": "1", "phone": "030 123456"}
    lake.land(
        "locations",
        "f0",
        [{"location_id": "l1", "country": "us"}, {"location_id": "l2", "country": "de"}],
        "hq",
    )
    lake.land("customers", "f1", [german])
    lake.land("customers", "f2", [german], "l2")
    clean_feeds(lake.home, network)
    assert lake.clean("customers", "f1")[0]["phone_validity"] == "invalid"
    assert lake.clean("customers", "f2")[0]["clean_phone"] == "+4930123456"
    lake.land(
        "locations",
        "f0",
        [{"location_id": "l1", "country": "DE"}, {"location_id": "l2", "country": "DE"}],
        "hq",
    )
    assert written(clean_feeds(lake.home, network)) == {"locations": 1, "customers": 1}
    assert lake.clean("customers", "f1")[0]["clean_phone"] == "+4930123456"


def test_files_that_are_no_longer_current_go(lake, network):
    lake.land("customers", "f1", [ANA])
    lake.land("customers", "f2", [ANA])
    clean_feeds(lake.home, network)
    lake.forget("customers", "f2")
    assert clean_feeds(lake.home, network)["customers"]["removed"] == 1
    assert names(lake, "customers") == {"_empty.parquet", "f1.parquet"}


def kill_at_rename(monkeypatch, number: int) -> None:
    real, done = os.replace, []

    def replace_until_killed(source, target):
        if len(done) == number:
            raise KeyboardInterrupt
        done.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace_until_killed)


@pytest.mark.parametrize("comes_back", [False, True], ids=["goes on", "input comes back"])
@pytest.mark.parametrize("killed_at", [0, 1, 8, 9])
def test_a_run_killed_at_any_rename_is_finished_by_the_next(lake, network, monkeypatch, killed_at, comes_back):
    lake.land("customers", "f1", [ANA])
    lake.land("customers", "f2", [ANA])
    clean_feeds(lake.home, network)
    landed = lake.home.landed("customers") / "f2.parquet"
    old, stat = landed.read_bytes(), landed.stat()
    lake.land("customers", "f2", [{"source_customer_id": "9"}])
    kill_at_rename(monkeypatch, killed_at)
    with pytest.raises(KeyboardInterrupt):
        clean_feeds(lake.home, network)
    monkeypatch.undo()
    if comes_back:
        landed.write_bytes(old)
        os.utime(landed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    clean_feeds(lake.home, network)
    expected = "1" if comes_back else "9"
    assert [row["source_customer_id"] for row in lake.clean("customers", "f2")] == [expected]
    assert not any(name.endswith(".new") for name in names(lake, "customers"))
    assert written(clean_feeds(lake.home, network)) == {}


def test_a_landed_file_that_is_gone_is_named(lake, network):
    lake.land("customers", "f1", [ANA])
    (lake.home.landed("customers") / "f1.parquet").unlink()
    with pytest.raises(UnreadableFile, match=r"customers/f1\.parquet: in the ledger, but gone; run extract again"):
        clean_feeds(lake.home, network)


def test_no_ledger_is_named(lake, network):
    with pytest.raises(UnreadableFile, match="run extract first"):
        clean_feeds(lake.home, network)


def test_contact_details_in_free_text_are_masked_and_ids_stay(lake, network):
    line = {
        "order_id": "212-555-0123",
        "line_id": "1",
        "ordered_at": "2026-01-01 10:00",
        "quantity": 1,
        "net_amount": 1,
    }
    lake.land(
        "order_lines",
        "f1",
        [
            line | {"product_name": "Gift card for ana@x.com", "return_reason": "call +1 212 555 0123"},
            line | {"line_id": "2", "product_name": "Flat White 2 @ 1.50", "customer_email": "ana@x.com"},
            line | {"line_id": "3", "product_id": "0012345678905"},
        ],
    )
    clean_feeds(lake.home, network)
    rows = lake.clean("order_lines", "f1")
    assert [row["product_name"] for row in rows] == ["Gift card for [masked]", "Flat White 2 @ 1.50", None]
    assert [row["return_reason"] for row in rows] == ["call [masked]", None, None]
    assert {row["order_id"] for row in rows} == {"212-555-0123"}
    assert (rows[1]["clean_email"], rows[2]["product_id"]) == ("ana@x.com", "0012345678905")


def test_a_product_is_called_the_same_in_the_catalogue_and_on_the_receipt():
    feeds = load_feeds()
    assert "product_id" in free_text_columns(feeds["products"]) & free_text_columns(feeds["order_lines"])
    assert free_text_columns(feeds["locations"]) >= {"name", "franchisee_name", "peer_group"}
    assert not free_text_columns(feeds["consents"]) & {"contact"}
