"""Customer directories, as each till exports them: delivered again and again while they grow."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan, Shop

SOURCES = np.array(["Merchant Created", "Loyalty", "Feedback"], dtype=object)
CONSENT = {"Subscribed": "granted", "Unsubscribed": "denied", "Unknown": "unknown"}
HOW_HEARD = np.array(["", "", "friend", "walked by", "social", "flyer"], dtype=object)


def directory_days(plan: Plan, shop: Shop) -> list[int]:
    """The day indexes through which a directory is exported: quarters of the time, halves in later shops."""
    return [plan.days * quarter // 4 - 1 for quarter in ((1, 2, 3, 4) if shop.is_first else (2, 4))]


def directories(
    plan: Plan, shop: Shop, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray
) -> Iterator[Delivery]:
    if shop.till == "toast":
        return  # Toast exports no directory: its customers stand on checks and payments
    own = records[records["shop"] == shop.number - 1]
    orders, lines = sales.of(shop)
    net = lines[lines["kind"] != "void"].groupby("order")["net"].sum()
    bought = pd.DataFrame({"record": record_of_order[orders.index], "day": orders["day"], "net": net})
    bought = bought[bought["record"] >= 0].fillna({"net": 0})
    columns_of = {"square": _square, "clover": _clover, "shopify": _shopify, "canonical": _canonical}[shop.till]
    for day in directory_days(plan, shop):
        so_far = bought[bought["day"] <= day].groupby("record")
        known = own[own["first_day"] <= day].assign(
            last_day=so_far["day"].max(), orders=so_far.size(), net=so_far["net"].sum()
        )
        if known.empty:
            continue
        known = known.assign(email=known["email"].where(known["email_since"] <= day, ""))
        known["email_status"] = known["email_status"].where(known["email"] != "", "Unknown")
        square = shop.till == "square"
        stamp = f"{plan.date(day):%Y%m%d}" if square else f"{plan.date(day)}"
        # Clover's and Shopify's rows bear no time of change: only a dated folder tells which list is newer.
        folder = f"customers/{plan.date(day)}" if shop.till in ("clover", "shopify") else "customers"
        yield Delivery(
            path=f"{shop.location_id}/{folder}/customers-{stamp}.csv",
            content=exporttext.csv_bytes(columns_of(plan, shop, known), empty='""' if square else ""),
            delivered=plan.delivered(shop.timezone, day),
            rows=len(known),
            feed="customers",
            mess=(("directory_again", f"all customers through {plan.date(day)}"),) if day > plan.days // 2 else (),
        )


def _square(plan: Plan, shop: Shop, known: pd.DataFrame) -> dict[str, np.ndarray]:
    dates = plan.dates.astype(str).astype(object)
    blank = np.full(len(known), "", dtype=object)
    instant = known["is_instant"].to_numpy()
    return {
        "Reference ID": blank,
        "First Name": known["first_name"],
        "Last Name": known["last_name"],
        "Email Address": known["email"],
        "Phone Number": known["phone"],
        "Nickname": blank,
        "Company Name": blank,
        "Street Address 1": known["address"],
        "Street Address 2": blank,
        "City": known["city"],
        "State": known["region"],
        "Postal Code": known["postal_code"],
        "Birthday": known["birth_date"],
        "Memo": blank,
        "Square Customer ID": known["source_record_id"],
        "Creation Source": np.where(instant, "Instant Profile", SOURCES[known.index.to_numpy() % 3]),
        "First Visit": dates[known["first_day"]],
        "Last Visit": dates[known["last_day"]],
        "Transaction Count": known["orders"].astype(str),
        "Lifetime Spend": exporttext.dollars(known["net"].astype(int).to_numpy()),
        "Email Subscription Status": known["email_status"],
        "Instant Profile": np.where(instant, "Yes", "No"),
        "Blocked from online booking": np.full(len(known), "No", dtype=object),
    }


def _clover(plan: Plan, shop: Shop, known: pd.DataFrame) -> dict[str, np.ndarray | str]:
    since = exporttext.per_value(known["first_day"].to_numpy(), lambda day: f"{plan.date(day):%d-%b-%Y}")
    return {
        "Customer ID": known["source_record_id"],
        "First Name": known["first_name"],
        "Last Name": known["last_name"],
        "Phone Number": known["phone"],
        "Email Address": known["email"],
        "Address Line 1": known["address"],
        "Address Line 2": "",
        "Address Line 3": "",
        "City": known["city"],
        "State / Province": known["region"],
        "Postal / Zip Code": known["postal_code"],
        "Country": np.where(known["address"] == "", "", "US"),
        "Customer Since": since,
        "Marketing Allowed": np.where(known["email_status"] == "Subscribed", "Yes", "No"),
        "Additional Address Info": "",
    }


def _shopify(plan: Plan, shop: Shop, known: pd.DataFrame) -> dict[str, np.ndarray | str]:
    apostrophe = {name: ("'" + known[name]).where(known[name] != "", "") for name in ("phone", "postal_code")}
    return {
        "Customer ID": "'" + known["source_record_id"],
        "First Name": known["first_name"],
        "Last Name": known["last_name"],
        "Email": known["email"],
        "Accepts Email Marketing": np.where(known["email_status"] == "Subscribed", "yes", "no"),
        "Default Address Company": "",
        "Default Address Address1": known["address"],
        "Default Address Address2": "",
        "Default Address City": known["city"],
        "Default Address Province Code": known["region"],
        "Default Address Country Code": np.where(known["address"] == "", "", "US"),
        "Default Address Zip": apostrophe["postal_code"],
        "Default Address Phone": np.where(known["address"] == "", "", apostrophe["phone"]),
        "Phone": apostrophe["phone"],
        "Accepts SMS Marketing": np.where(known.index.to_numpy() % 5 == 0, "yes", "no"),
        "Total Spent": exporttext.plain_money(known["net"].astype(int).to_numpy()),
        "Total Orders": known["orders"].astype(str),
        "Note": "",
        "Tax Exempt": "no",
        "Tags": np.where(known["orders"] > 9, "regular", ""),
    }


def _canonical(plan: Plan, shop: Shop, known: pd.DataFrame) -> dict[str, np.ndarray]:
    dates = plan.dates.astype(str).astype(object)
    created = dates[known["first_day"]]
    consent = known["email_status"].map(CONSENT)
    columns = {
        "source_customer_id": known["source_record_id"],
        "first_name": known["first_name"],
        "last_name": known["last_name"],
        "email": known["email"],
        "phone": known["phone"],
        "address": known["address"],
        "city": known["city"],
        "region": known["region"],
        "postal_code": known["postal_code"],
        "country": np.full(len(known), "US", dtype=object),
        "birth_date": known["birth_date"],
        "created_at": created + "T12:00:00",
        "updated_at": dates[known["last_day"]] + "T18:30:00",
        "email_consent": consent,
        "consent_at": np.where(consent == "unknown", "", created + "T12:00:00"),
        "how_heard": HOW_HEARD[known.index.to_numpy() % len(HOW_HEARD)],
        "account_kind": np.full(len(known), "person", dtype=object),
    }
    if shop.style == 5:
        full_name = (columns["first_name"].str.strip() + " " + columns["last_name"].str.strip()).str.strip()
        dropped = ("first_name", "last_name", "country", "how_heard", "account_kind")
        columns = {"full_name": full_name} | {k: v for k, v in columns.items() if k not in dropped}
    return columns
