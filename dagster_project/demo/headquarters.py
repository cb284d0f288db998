"""The franchisor's own files: locations, products, the e-mail club's sign-ups, and consents."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.people import mail_addresses
from dagster_project.demo.plan import Plan

ENTRIES = np.array(["email_club", "email_club", "contest", "web_form"], dtype=object)


def draw_signups(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """One row per sign-up: a fifth of the customers, and some who never came to buy (person -1)."""
    rng = plan.rng("signups")
    strangers = max(1, len(people) // 20)
    joiners = np.flatnonzero(rng.random(len(people)) < 0.22)
    person = np.concatenate([joiners, np.full(strangers, -1)])
    lookalike = people.iloc[np.where(person >= 0, person, rng.integers(0, len(people), len(person)))]
    lookalike = lookalike.reset_index(drop=True)
    number = len(people) * 3 + np.arange(len(person))
    own_mail = (person >= 0) & (rng.random(len(person)) < 0.9)
    surname = lookalike["last_name"].where(person >= 0, lookalike["last_name"].to_numpy()[::-1])
    day = np.where(
        person >= 0,
        lookalike["starts_on"] + (rng.random(len(person)) * (plan.days - lookalike["starts_on"])).astype(int),
        rng.integers(0, plan.days, len(person)),
    )
    signups = pd.DataFrame(
        {
            "person": person,
            "day": np.minimum(day, plan.days - 1),
            "second": rng.integers(10 * 3600, 22 * 3600, len(person)),
            "first_name": lookalike["first_name"],
            "last_name": surname,
            "email": np.where(
                own_mail, lookalike["email"], mail_addresses(lookalike["first_name"], surname, number, rng)
            ),
            "phone": np.where((rng.random(len(person)) < 0.25) & (person >= 0), lookalike["phone"], ""),
            "postal_code": lookalike["postal_code"],
            "home": np.where(rng.random(len(person)) < 0.7, lookalike["home"], -1),
            "source": ENTRIES[rng.integers(0, len(ENTRIES), len(person))],
            "is_agreed": rng.random(len(person)) < 0.92,
            "takes_back": rng.random(len(person)) < 0.09,
        }
    ).sort_values(["day", "second"], kind="stable", ignore_index=True)
    signups["signup_id"] = [f"SU-{row + 1:06d}" for row in range(len(signups))]
    return signups


def headquarters_exports(plan: Plan, signups: pd.DataFrame) -> Iterator[Delivery]:
    yield delivery(plan, "locations", _locations(plan))
    yield delivery(plan, "products", _products(), plan.days - 1)
    for end in (plan.days // 2, plan.days):
        part = signups[signups["day"] < end]
        columns, mess = _signups(plan, part), ()
        if end == plan.days:
            stray = {name: np.array(values, dtype=object)[:2] for name, values in columns.items()}
            stray |= {
                "signup_id": np.array(["SU-900001", "SU-900002"], dtype=object),
                "location_id": np.array(["shop_99", "shop_99"], dtype=object),
            }
            columns = {name: np.concatenate([np.array(columns[name], dtype=object), stray[name]]) for name in columns}
            mess = (("unknown_location", "two sign-ups at shop_99"),)
        if len(part):
            yield delivery(plan, "signups", columns, end - 1, f"_{plan.date(end - 1)}", mess)
    consents, mess = _consents(plan, signups)
    yield delivery(plan, "consents", consents, mess=mess)


def delivery(
    plan: Plan, feed: str, columns: dict, day: int = -1, stamp: str = "", mess: tuple = (), folder: str = "hq"
) -> Delivery:
    """One file of a feed in its own column names, delivered after `day` (-1: the last)."""
    return Delivery(
        path=f"{folder}/{feed}{stamp}.csv",
        content=exporttext.csv_bytes(columns),
        delivered=plan.delivered("America/New_York", day % plan.days),
        rows=len(next(iter(columns.values()))),
        feed=feed,
        mess=mess,
    )


def _locations(plan: Plan) -> dict[str, list[str]]:
    rows = [
        {
            "location_id": shop.location_id,
            "name": shop.name,
            "franchisee_id": f"franchisee_{1 + (shop.number - 1) // 2}",
            "franchisee_name": f"{plan.shops[2 * ((shop.number - 1) // 2)].town} Roasters LLC",
            "opened_on": str(plan.date(shop.opens)) if shop.opens else f"20{15 + shop.number % 8}-04-01",
            "address": f"{10 * shop.number} Main St",
            "city": shop.town,
            "region": shop.region,
            "postal_code": f"{shop.postal_code:05d}",
            "country": "US",
            "timezone": shop.timezone,
            "currency": "USD",
            "latitude": f"{shop.latitude:.4f}",
            "longitude": f"{shop.longitude:.4f}",
            "opening_hours_per_week": "72" if shop.closed_weekday is not None else "84",
            "capacity_per_hour": "60",
            "peer_group": "high street",
        }
        for shop in plan.shops
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _products() -> dict[str, list[str]]:
    return {
        "product_id": [item[0] for item in catalogue.MENU],
        "name": [item[1] for item in catalogue.MENU],
        "category": [item[2] for item in catalogue.MENU],
        "unit_cost": [f"{item[4] / 100:.2f}" for item in catalogue.MENU],
        "replenish_days": [str(item[6] or "") for item in catalogue.MENU],
    }


def shop_ids(plan: Plan) -> np.ndarray:
    """Location ids by shop row; the last (-1) is blank."""
    return np.array([*(shop.location_id for shop in plan.shops), ""], dtype=object)


def utc(plan: Plan, day: np.ndarray, second: np.ndarray) -> np.ndarray:
    return plan.dates.astype(str).astype(object)[day] + "T" + exporttext.clock(second) + "Z"


def _signups(plan: Plan, part: pd.DataFrame) -> dict:
    return {
        "signup_id": part["signup_id"],
        "signed_up_at": utc(plan, part["day"].to_numpy(), part["second"].to_numpy()),
        "source": part["source"],
        "location_id": shop_ids(plan)[part["home"]],
        "first_name": part["first_name"],
        "last_name": part["last_name"],
        "email": part["email"],
        "phone": part["phone"],
        "postal_code": part["postal_code"],
        "email_consent": np.where(part["is_agreed"], "granted", "unknown"),
        "wording_version": np.where(part["day"] < plan.days // 2, "v1", "v2"),
    }


def taken_back_on(plan: Plan, signups: pd.DataFrame) -> pd.Series:
    """The day on which consent was taken back, -1 for never; the first to do so did it at once."""
    later = np.minimum(signups["day"] + 30 + signups["second"] % 200, plan.days - 1)
    at_once = signups["takes_back"] & (signups["takes_back"].cumsum() == 1)
    return later.where(~at_once, signups["day"]).where(signups["takes_back"], -1)


def _consents(plan: Plan, signups: pd.DataFrame) -> tuple[dict, tuple]:
    """What was said when: agreed at sign-up, some took it back later, one of them in the same second."""
    agreed = signups[signups["is_agreed"]]
    back = agreed[agreed["takes_back"]]
    later = taken_back_on(plan, back)
    texts = agreed[agreed["phone"] != ""]
    names = ("contact", "channel", "state", "day", "second")
    parts = (
        (agreed["email"], "email", "granted", agreed["day"], agreed["second"]),
        (texts["phone"], "sms", "granted", texts["day"], texts["second"]),
        (back["email"], "email", "denied", later, back["second"]),
    )
    rows = pd.concat([pd.DataFrame(dict(zip(names, part, strict=True))) for part in parts], ignore_index=True)
    count = len(rows)
    columns = {
        "contact": rows["contact"],
        "channel": rows["channel"],
        "state": rows["state"],
        "at": utc(plan, rows["day"].to_numpy(), rows["second"].to_numpy()),
        "basis": np.full(count, "express", dtype=object),
        "captured_by": np.where(rows["state"] == "granted", "signup form", "unsubscribe link"),
        "wording_version": np.where(rows["day"] < plan.days // 2, "v1", "v2"),
        "proof_ref": [f"proof-{row + 1:06d}" for row in range(count)],
    }
    mess = (("consent_tie", "one contact granted and denied in the same second"),) if len(back) else ()
    return columns, mess
