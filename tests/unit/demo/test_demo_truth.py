"""The truth: who is who, who stopped, who lives together; held against what was exported."""

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def truth(demo) -> dict[str, pd.DataFrame]:
    return {p.stem: pd.read_parquet(p) for p in (demo / "truth").glob("*.parquet")}


def own_orders(truth) -> pd.DataFrame:
    people = truth["people"].drop(columns="orders")
    return truth["orders"].dropna(subset="person_id").merge(people, on="person_id")


def test_every_exported_customer_belongs_to_one_person(demo, truth):
    records = truth["source_records"]
    tills = records[records["feed"] == "customers"]
    assert not tills.duplicated(["source", "location_id", "source_record_id"]).any()
    for shop, column in (("shop_1", "Square Customer ID"), ("shop_4", "source_customer_id")):
        newest = sorted((demo / "landing" / shop / "customers").iterdir())[-1]
        exported = set(pd.read_csv(newest, dtype=str)[column])
        assert exported == set(tills.loc[tills["location_id"] == shop, "source_record_id"])


def test_canonical_ids_mean_nothing_outside_their_shop(truth):
    tills = truth["source_records"].query("feed == 'customers' and source == 'canonical'")
    ids = tills.groupby("location_id")["source_record_id"].agg(set)
    assert ids["shop_4"] & ids["shop_5"]


def test_who_stopped_buys_nothing_afterwards(truth):
    orders = own_orders(truth)
    stopped = orders[orders["fate"] == "stopped"]
    assert len(stopped) > 0
    assert (stopped["business_date"] < stopped["stopped_on"]).all()


def test_who_moved_buys_only_at_the_new_shop_afterwards(truth):
    orders = own_orders(truth)
    moved = orders[orders["fate"] == "moved"]
    after = moved["business_date"] >= moved["moved_on"]
    assert after.any()
    assert (moved.loc[after, "location_id"] == moved.loc[after, "moved_to_location_id"]).all()
    assert (moved.loc[~after, "location_id"] == moved.loc[~after, "home_location_id"]).all()


def test_who_declined_buys_far_less_in_the_last_90_days(truth):
    declined = own_orders(truth).query("fate == 'declined'")
    since = declined["declined_on"].iloc[0]
    recent = (declined["business_date"] >= since).sum() / 90
    usual = declined[declined["business_date"] < since]
    exposure = sum((since - start).days for start in declined.drop_duplicates("person_id")["started_on"])
    people = declined["person_id"].nunique()
    assert recent / people < 0.65 * len(usual) / exposure


def test_households_share_phone_and_address_but_never_a_given_name(truth):
    households = truth["households"].merge(truth["people"][["person_id", "first_name"]], on="person_id")
    assert (households.groupby("household_id").size() > 1).all()
    assert not households.duplicated(["household_id", "first_name"]).any()
    assert (households.groupby("household_id")["address"].nunique() == 1).all()
    assert (households.groupby("household_id")["phone"].nunique() == 1).any()


def test_captured_orders_name_a_record_of_their_own_person(truth):
    captured = truth["orders"][truth["orders"]["is_captured"]]
    records = truth["source_records"].query("feed == 'customers'")
    both = captured.merge(records, on=["location_id", "source_record_id"], suffixes=("", "_of_record"))
    assert len(both) == len(captured) > 0
    assert (both["person_id"] == both["person_id_of_record"]).all()


def test_people_are_counted_from_their_orders(truth):
    people, orders = truth["people"], truth["orders"]
    assert people["orders"].sum() == orders["person_id"].notna().sum()
    assert (people["orders"] > 0).all()
    assert 0.05 < (people["locations"] > 1).mean() < 0.4
