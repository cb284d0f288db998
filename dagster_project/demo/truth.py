"""What is really so, for those who want to check an answer; the pipeline never reads it.

people          one row per person: rhythm, home shop, fate, and when it changed
source_records  one row per customer record, sign-up, and contact that stands on an order alone
households      one row per person who lives with another one
orders          one row per receipt: who really bought, and whether the till knew
exports, mess   one row per landing file; one per thing planted in it
"""

from pathlib import Path

import numpy as np
import pandas as pd

from dagster_project.demo.canonical import names_contact_only
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan


def write_truth(
    plan: Plan,
    folder: Path,
    people: pd.DataFrame,
    sales: Sales,
    records: pd.DataFrame,
    record_of_order: np.ndarray,
    signups: pd.DataFrame,
    written: list[tuple],
) -> None:
    folder.mkdir(parents=True)
    orders = _orders(plan, people, sales, records, record_of_order)
    exports = pd.DataFrame(written, columns=["path", "feed", "rows", "delivered_at", "mess"])
    exports["delivered_at"] = pd.to_datetime(exports["delivered_at"], utc=True)
    mess = exports[["path", "mess"]].explode("mess").dropna()
    tables = {
        "people": _people(plan, people, orders, sales.orders["day"]),
        "source_records": _source_records(plan, people, sales, records, record_of_order, signups),
        "households": _households(people),
        "orders": orders,
        "exports": exports.drop(columns="mess"),
        "mess": pd.DataFrame(
            {"path": mess["path"], "kind": mess["mess"].str[0], "detail": mess["mess"].str[1]}
        ).reset_index(drop=True),
    }
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)


def _day(plan: Plan, day: pd.Series) -> np.ndarray:
    """Dates; a day that never comes (-1, or one past the last) is None."""
    return np.array([*plan.dates.tolist(), None], dtype=object)[day]


def _shop(plan: Plan, shop: pd.Series) -> np.ndarray:
    return np.array([*(place.location_id for place in plan.shops), None], dtype=object)[shop]


def _people(plan: Plan, people: pd.DataFrame, orders: pd.DataFrame, day: pd.Series) -> pd.DataFrame:
    own = orders.assign(day=day).dropna(subset="person_id").groupby("person_id")
    seen = own.agg(
        orders=("order_id", "size"),
        captured_orders=("is_captured", "sum"),
        locations=("location_id", "nunique"),
        first_order_on=("day", "min"),
        last_order_on=("day", "max"),
    )
    told = pd.DataFrame(
        {
            "person_id": people["person_id"],
            "first_name": people["first_name"],
            "last_name": people["last_name"],
            "household_id": people["household_id"],
            "home_location_id": _shop(plan, people["home"]),
            "second_location_id": _shop(plan, people["second"]),
            "rhythm": people["rhythm"],
            "visits_per_open_day": people["rate"].round(5),
            "fate": people["fate"],
            "started_on": _day(plan, people["starts_on"]),
            "stopped_on": _day(plan, people["stops_on"]),
            "declined_on": _day(plan, people["declines_on"]),
            "declined_to_share": people["declines_to"].where(people["declines_on"] >= 0).round(3),
            "moved_on": _day(plan, people["moves_on"]),
            "moved_to_location_id": _shop(plan, people["moves_to"]),
        }
    )
    told = told.join(seen, on="person_id")
    for when in ("first_order_on", "last_order_on"):
        told[when] = _day(plan, told[when].fillna(-1).astype(int))
    whole = ["orders", "captured_orders", "locations"]
    return told.assign(**told[whole].fillna(0).astype(int))


def _orders(plan: Plan, people: pd.DataFrame, sales: Sales, records: pd.DataFrame, record_of_order) -> pd.DataFrame:
    orders = sales.orders
    sold = sales.lines[sales.lines["kind"] == "sale"].groupby("order")["net"].sum()
    back = sales.lines[sales.lines["kind"] == "refund"].groupby("order")["net"].sum()
    is_told = _is_told(plan, sales, records, record_of_order)
    return pd.DataFrame(
        {
            "location_id": _shop(plan, orders["shop"]),
            "receipt": orders["receipt"],
            "order_id": orders["receipt"].map("{:07d}".format),
            "business_date": _day(plan, orders["day"]),
            "person_id": np.array([*people["person_id"], None], dtype=object)[orders["person"]],
            "is_captured": orders["is_captured"] & is_told,
            "source_record_id": np.array([*records["source_record_id"], None], dtype=object)[
                np.where(is_told, record_of_order, -1)
            ],
            "sold_cents": sold.reindex(orders.index, fill_value=0),
            "refunded_cents": back.reindex(orders.index, fill_value=0),
        }
    )


def _is_told(plan: Plan, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray) -> np.ndarray:
    """Whether the till's export says who bought: Clover's never does, Shopify's by e-mail or phone alone."""
    orders = sales.orders
    till = np.array([shop.till for shop in plan.shops], dtype=object)[orders["shop"]]
    who = records.iloc[np.maximum(record_of_order, 0)]
    has_email = ((who["email"] != "") & (who["email_since"].to_numpy() <= orders["day"].to_numpy())).to_numpy()
    has_contact = has_email | (who["phone"] != "").to_numpy()
    return (till != "clover") & ((till != "shopify") | has_contact)


def _source_records(plan, people, sales, records, record_of_order, signups) -> pd.DataFrame:
    person_ids = people["person_id"].to_numpy()
    shops = sales.orders["shop"]
    wide = np.array([shop.style == 4 and shop.till == "canonical" for shop in plan.shops])[shops]
    shopify = np.array([shop.till == "shopify" for shop in plan.shops])[shops]
    bare = np.unique(record_of_order[(names_contact_only(sales.orders).to_numpy() & wide) | shopify])
    contacts = records.iloc[bare[bare >= 0]]
    contacts = contacts[(contacts["email"] != "") | (contacts["phone"] != "")]
    fields = ["first_name", "last_name", "email", "phone"]
    # Toast has no directory: its customers stand on checks.
    tills = records.assign(feed=np.where(records["till"] == "toast", "orders", "customers"), source=records["till"])
    bare_orders = contacts.assign(feed="orders", source=contacts["till"], source_record_id=None)
    clubs = signups.assign(
        feed="signups", source="canonical", shop=-1, source_record_id=signups["signup_id"], is_second_entry=False
    )
    both = pd.concat([tills, bare_orders, clubs], ignore_index=True)
    stranger = [f"prospect_{row:06d}" for row in both.index]
    told = pd.DataFrame(
        {
            "person_id": np.where(both["person"] >= 0, person_ids[both["person"]], stranger),
            "source": both["source"],
            "feed": both["feed"],
            "location_id": _shop(plan, both["shop"]),
            "source_record_id": both["source_record_id"],
            **{field: both[field] for field in fields},
            "is_second_entry": both["is_second_entry"].astype(bool),
        }
    )
    told["shares_email"] = _shared(told, told["email"].str.lower())
    told["shares_phone"] = _shared(told, told["phone"].str.replace("[^0-9]", "", regex=True).str[-10:])
    return told


def _shared(told: pd.DataFrame, contact: pd.Series) -> pd.Series:
    """Whether another record of the same person carries the same contact: what makes it linkable."""
    times = told.assign(contact=contact).groupby(["person_id", "contact"])["source"].transform("size")
    return (times > 1) & (contact != "")


def _households(people: pd.DataFrame) -> pd.DataFrame:
    size = people.groupby("household_id")["person_id"].transform("size")
    own = people[size > 1]
    return own[["household_id", "person_id", "shares_phone", "phone", "address", "postal_code"]].assign(
        members=size[size > 1]
    )
