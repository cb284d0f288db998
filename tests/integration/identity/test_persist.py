"""Ids that last from night to night: merges, splits, ties, vanished records, repeated and older runs."""

from datetime import date

import duckdb
import pytest

from dagster_project.errors import IdentityError

DAY_1, DAY_2, DAY_3 = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)
MAILS = {n: f"{n}@mail.example" for n in ("x", "y", "z")}


def registry(lake) -> list[dict]:
    return lake.query(f"select * from '{lake.home.candidate_state}/registry.parquet'")


def periods(lake, record: str) -> list[tuple]:
    rows = [r for r in lake.read("customer_identities") if r["source_record_id"] == record]
    return [(r["customer_id"], r["valid_from"], r["valid_to"]) for r in rows]


def ana(person, record: str, mail: str, **columns) -> dict:
    return person(record, "Ana Diaz", email=MAILS[mail], **columns)


def test_a_merge_keeps_the_id_that_most_records_had(lake, person):
    lake.customers(ana(person, "1", "x"), ana(person, "2", "y"), ana(person, "3", "y"))
    lake.resolve(DAY_1)
    before = lake.ids()
    assert before["1"] != before["2"]
    lake.publish("one")
    lake.customers(ana(person, "1", "y"), ana(person, "2", "y"), ana(person, "3", "y"))
    lake.resolve(DAY_2)
    assert set(lake.ids().values()) == {before["2"]}
    first_seen = date(2026, 1, 1)
    assert periods(lake, "1") == [(before["1"], first_seen, DAY_2), (before["2"], DAY_2, None)]
    assert periods(lake, "2") == [(before["2"], first_seen, None)]


def test_a_tie_goes_to_the_older_id(lake, person):
    for old, new in (("1", "2"), ("2", "1")):
        lake.customers(ana(person, old, "x", created_at="2025-05-01"), ana(person, new, "y", created_at="2026-05-01"))
        lake.resolve(DAY_1)
        older = lake.ids()[old]
        lake.publish(f"tie-{old}")
        lake.customers(ana(person, old, "x", created_at="2025-05-01"), ana(person, new, "x", created_at="2026-05-01"))
        lake.resolve(DAY_2)
        assert set(lake.ids().values()) == {older}
        lake.home.published.unlink()


def test_a_split_leaves_the_id_with_the_larger_part(lake, person):
    lake.customers(ana(person, "1", "x"), ana(person, "2", "x"), ana(person, "3", "x"))
    lake.resolve(DAY_1)
    [shared] = set(lake.ids().values())
    lake.publish("one")
    lake.customers(ana(person, "1", "y"), ana(person, "2", "x"), ana(person, "3", "x"))
    lake.resolve(DAY_2)
    ids = lake.ids()
    assert ids["2"] == ids["3"] == shared
    assert ids["1"] != shared


def test_an_id_once_retired_is_never_given_to_others(lake, person):
    lake.customers(ana(person, "1", "x"), ana(person, "2", "y"))
    lake.resolve(DAY_1)
    first = lake.ids()
    lake.publish("one")
    lake.customers(ana(person, "1", "x"), ana(person, "2", "x"))
    lake.resolve(DAY_2)
    [kept] = set(lake.ids().values())
    lake.publish("two")
    lake.customers(ana(person, "1", "x"), ana(person, "2", "y"))
    lake.resolve(DAY_3)
    apart = lake.ids()
    [moved] = [record for record in ("1", "2") if apart[record] != kept]
    assert apart[moved] not in first.values(), "its natural id was retired by the merge: a salted one is made"
    assert len({row["customer_id"] for row in registry(lake)}) == 3


def test_the_same_as_of_twice_changes_nothing(lake, person):
    lake.customers(ana(person, "1", "x"), ana(person, "2", "x"), ana(person, "3", "z"))
    lake.resolve(DAY_1)
    first = (
        registry(lake),
        [lake.read(o) for o in ("customer_identities", "golden_records", "contact_points")],
    )
    lake.resolve(DAY_1)
    assert (
        registry(lake),
        [lake.read(o) for o in ("customer_identities", "golden_records", "contact_points")],
    ) == first
    lake.publish("one")
    lake.resolve(DAY_1)
    assert (
        registry(lake),
        [lake.read(o) for o in ("customer_identities", "golden_records", "contact_points")],
    ) == first


def test_night_by_night_and_all_at_once_tell_the_same_periods(lake, person):
    early, late = ana(person, "1", "x"), ana(person, "2", "x", created_at="2026-10-02")
    lake.customers(early, late)
    lake.resolve(DAY_1)
    lake.publish("one")
    lake.resolve(DAY_3)
    night_by_night = periods(lake, "1"), periods(lake, "2")
    lake.home.published.unlink()
    lake.resolve(DAY_3)
    assert [[p[1:] for p in record] for record in night_by_night] == [
        [p[1:] for p in periods(lake, record)] for record in ("1", "2")
    ]
    assert periods(lake, "2")[0][1:] == (DAY_2, None)


def test_a_vanished_record_keeps_its_closed_period_and_its_id_when_it_returns(lake, person):
    lake.customers(ana(person, "1", "x"))
    lake.customers(ana(person, "2", "y"), file_key="f2")
    lake.resolve(DAY_1)
    before = lake.ids()["2"]
    lake.publish("one")
    lake.remove("customers", "f2")
    lake.resolve(DAY_2)
    assert periods(lake, "2") == [(before, date(2026, 1, 1), DAY_2)]
    lake.publish("two")
    lake.customers(ana(person, "2", "y"), file_key="f2")
    lake.resolve(DAY_3)
    assert periods(lake, "2") == [(before, date(2026, 1, 1), DAY_2), (before, DAY_3, None)]


def test_a_change_on_the_day_a_period_began_leaves_no_empty_period_but_keeps_the_id_taken(lake, person):
    lake.customers(ana(person, "1", "x", created_at="2026-10-01"), ana(person, "2", "y"), ana(person, "3", "y"))
    lake.resolve(DAY_1)
    before = lake.ids()["1"]
    lake.publish("one")
    lake.customers(ana(person, "1", "y", created_at="2026-10-01"), ana(person, "2", "y"), ana(person, "3", "y"))
    lake.resolve(DAY_1)
    assert periods(lake, "1") == [(lake.ids()["2"], DAY_1, None)]
    assert before in {row["customer_id"] for row in registry(lake)}


def test_a_run_for_an_earlier_day_does_not_fail_nor_overlap_periods(lake, person):
    lake.customers(ana(person, "1", "x"), ana(person, "2", "x", created_at="2026-10-03"))
    lake.resolve(DAY_3)
    shared = lake.ids()["1"]
    lake.publish("three")
    lake.resolve(DAY_1)
    assert lake.ids() == {"1": shared}
    for row in registry(lake):
        assert row["valid_to"] is None or row["valid_from"] <= row["valid_to"]
    lake.publish("one-again")
    lake.resolve(DAY_3)
    assert lake.ids() == {"1": shared, "2": shared}


def retired(lake) -> dict[str, str]:
    return {row["customer_id"]: row["living_customer_id"] for row in lake.read("retired_ids")}


def test_an_id_published_and_merged_on_one_day_leads_to_the_living_one(lake, person):
    young = {"created_at": "2026-10-01"}
    lake.customers(ana(person, "1", "x", **young), ana(person, "2", "y"), ana(person, "3", "y"))
    lake.resolve(DAY_1)
    before = lake.ids()
    assert retired(lake) == {}
    lake.publish("one")
    lake.customers(ana(person, "1", "y", **young), ana(person, "2", "y"), ana(person, "3", "y"))
    lake.resolve(DAY_1)
    assert [p for p in periods(lake, "1") if p[0] == before["1"]] == [], "a period without length is no history"
    assert retired(lake) == {before["1"]: before["2"]}
    lake.publish("two")
    lake.resolve(DAY_2)
    assert retired(lake) == {before["1"]: before["2"]}


def test_a_retired_id_leads_to_who_holds_most_of_its_records(lake, person):
    one = [ana(person, record, "x") for record in ("1", "2", "3")]
    lake.customers(*one)
    lake.resolve(DAY_1)
    [old] = set(lake.ids().values())
    lake.publish("one")
    older = [person(record, "Bob Ray", email=MAILS["y"], created_at="2025-01-01") for record in ("4", "5", "6", "7")]
    lake.customers(*older, file_key="f2")
    lake.resolve(DAY_2)
    lake.publish("two")
    bob = lake.ids()["4"]
    lake.customers(*(person(record, "Bob Ray", email=MAILS["y"]) for record in ("1", "2", "3")))
    lake.resolve(DAY_3)
    assert retired(lake) == {old: bob}
    lake.publish("three")
    lake.customers(
        *(person(record, "Bob Ray", email=MAILS[mail]) for record, mail in (("1", "y"), ("2", "z"), ("3", "z")))
    )
    lake.resolve(DAY_3)
    ids = lake.ids()
    assert ids["1"] == bob
    assert retired(lake)[old] == ids["2"] == ids["3"] != bob


def test_the_order_of_files_and_rows_changes_nothing(lake, person):
    rows = [
        ana(person, "1", "x"),
        ana(person, "2", "x"),
        person("3", "Bob Ray", email=MAILS["x"]),
        person("4", "Bob"),
    ]
    outputs = ("source_records", "customer_identities", "retired_ids", "order_records", "golden_records",
               "golden_record_audit", "contact_points")  # fmt: skip
    lake.customers(*rows[:2])
    lake.customers(*rows[2:], file_key="f2")
    lake.resolve(DAY_1)
    first = [(lake.home.identity / f"{output}.parquet").read_bytes() for output in outputs]
    lake.customers(*rows[:0:-1])
    lake.customers(rows[0], file_key="f2")
    lake.resolve(DAY_1)
    assert [(lake.home.identity / f"{output}.parquet").read_bytes() for output in outputs] == first


def test_a_damaged_registry_is_refused_by_name(lake, person):
    lake.customers(ana(person, "1", "x"))
    lake.resolve(DAY_1)
    lake.publish("one")
    path = lake.home.state / "one" / "registry.parquet"
    duckdb.execute(f"copy (select * from '{path}' union all select * from '{path}') to '{path}.new' (format parquet)")
    path.with_name("registry.parquet.new").rename(path)
    with pytest.raises(IdentityError, match="1 source records have two open periods"):
        lake.resolve(DAY_2)
    path.write_text("not parquet")
    with pytest.raises(IdentityError, match="not a readable registry"):
        lake.resolve(DAY_2)


def test_a_record_that_an_older_registry_named_by_its_phone_keeps_its_id_and_loses_that_name(lake, person):
    phone = "+12125550101"
    lake.customers(ana(person, phone, "x"), ana(person, "2", "x"))
    lake.resolve(DAY_1)
    before = lake.ids()
    lake.publish("one")
    path = lake.home.state / "one" / "registry.parquet"
    duckdb.execute(
        f"""copy (select * replace (
                if(source_record_id = '2', record_key, md5('square|l1|{phone}')) as record_key,
                if(source_record_id = '2', '2', '{phone}') as source_record_id) from '{path}')
            to '{path}.new' (format parquet)"""
    )
    path.with_name("registry.parquet.new").rename(path)
    lake.resolve(DAY_2)
    assert lake.ids() == before
    assert phone not in str(registry(lake)) + str(lake.read("customer_identities"))
