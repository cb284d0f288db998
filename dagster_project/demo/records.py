"""How each till knows each person: one customer record per person and shop, as its staff typed it.

Nicknames, slips of the finger, old numbers, second addresses, empty fields: what makes two records of
one person differ. A few people are entered twice at one shop.
"""

import numpy as np
import pandas as pd

from dagster_project.demo.names import GIVEN_NAMES
from dagster_project.demo.orders import Sales
from dagster_project.demo.people import mail_addresses, phone_numbers
from dagster_project.demo.plan import Plan

# Share of a directory with neither, e-mail only, both, phone only: a real Square directory's rates.
REAL_REACH = (0.17, 0.02, 0.23, 0.58)
CANONICAL_REACH = (0.10, 0.12, 0.48, 0.30)
PHONE_FORMS = ("+1{0}{1}{2}", "({0}) {1}-{2}", "{0}-{1}-{2}", "{0}{1}{2}", "{0}.{1}.{2}", "1 {0} {1} {2}")
PHONE_FORM_SHARES = (0.3, 0.25, 0.2, 0.12, 0.08, 0.05)
SUBSCRIBED = np.array(["Subscribed", "Unsubscribed", "Unknown"], dtype=object)


def draw_records(plan: Plan, people: pd.DataFrame, sales: Sales) -> tuple[pd.DataFrame, np.ndarray]:
    """The records, and for each order the row of the record it names (-1: none)."""
    rng, orders = plan.rng("records"), sales.orders
    captured = np.flatnonzero(orders["is_captured"])
    pair = orders.loc[captured, ["person", "shop", "day"]]
    spans = pair.groupby(["person", "shop"])["day"].agg(["min", "max"]).reset_index()
    twice = rng.random(len(spans)) < 0.03
    switch = np.where(twice, (spans["min"] + spans["max"] + 1) // 2 + 1, plan.days)
    spans["record"], spans["switch"] = np.arange(len(spans)), switch
    named = pair.merge(spans, on=["person", "shop"], how="left")
    again = (named["day"] >= named["switch"]).to_numpy()
    record = named["record"].to_numpy() + np.where(again, len(spans), 0)
    used, record = np.unique(record, return_inverse=True)
    record_of_order = np.full(len(orders), -1)
    record_of_order[captured] = record

    records = pd.DataFrame(
        {"person": spans["person"].to_numpy()[used % len(spans)], "shop": spans["shop"].to_numpy()[used % len(spans)]}
    )
    records["first_day"] = pd.Series(named["day"].to_numpy()).groupby(record).min()
    records["is_second_entry"] = used >= len(spans)
    records["till"] = np.array([shop.till for shop in plan.shops], dtype=object)[records["shop"]]
    records = pd.concat([records, _typed(plan, people, records, rng)], axis=1)
    records["source_record_id"] = _record_ids(records, rng)
    return records, record_of_order


def _record_ids(records: pd.DataFrame, rng) -> np.ndarray:
    """Each till's kind of id. The canonical tills count from 1001 each: unique per shop only."""
    square = hex_ids(rng, len(records), 26, upper=True)
    number, counted = np.arange(len(records)), 1001 + records.groupby("shop").cumcount().to_numpy()
    forms = {
        "canonical": [f"C{n}" for n in counted],
        "toast": [str(1_300_000_000_900_000_000 + n) for n in number],
        "clover": [f"CL{n:011d}" for n in number],
        "shopify": [str(7_210_448_300_000 + n) for n in number],
    }
    till = records["till"].to_numpy()
    return np.select([till == name for name in forms], [np.array(v, dtype=object) for v in forms.values()], square)


def hex_ids(rng, count: int, length: int, upper: bool = False) -> np.ndarray:
    digits = np.frombuffer(b"0123456789ABCDEF" if upper else b"0123456789abcdef", dtype="S1")
    return digits[rng.integers(0, 16, (count, length))].view(f"S{length}").ravel().astype(str).astype(object)


def _typed(plan: Plan, people: pd.DataFrame, records: pd.DataFrame, rng) -> pd.DataFrame:
    """The fields as typed at the till; an empty string is an empty field."""
    count, person = len(records), records["person"].to_numpy()
    square = (records["till"] == "square").to_numpy()
    real, own = rng.choice(4, count, p=REAL_REACH), rng.choice(4, count, p=CANONICAL_REACH)
    reach = np.where(records["till"] == "canonical", own, real)
    truly = people.iloc[person].reset_index(drop=True)

    first = map(_given, truly["first_name"], *rng.random((2, count)))
    last = map(_surname, truly["last_name"], *rng.random((2, count)))
    cased = [_case(*names) for names in zip(first, last, rng.random(count), strict=True)]
    other_mail = mail_addresses(truly["first_name"], truly["last_name"], len(people) + person, rng)
    mail = np.where(rng.random(count) < 0.12, other_mail, truly["email"])
    mail = list(map(_mail, mail, *rng.random((2, count))))
    other_phone = phone_numbers(len(people) + np.arange(count), plan)
    phone = np.where(rng.random(count) < 0.06, other_phone, truly["phone"])
    form = np.array(PHONE_FORMS, dtype=object)[rng.choice(len(PHONE_FORMS), count, p=PHONE_FORM_SHARES)]
    phone = list(map(_phone, phone, form, rng.random(count)))
    has_mail, has_phone = np.isin(reach, [1, 2]), np.isin(reach, [2, 3])
    has_address = rng.random(count) < np.where(square, 0.08, 0.3)
    has_birthday = rng.random(count) < np.where(square, 0.06, 0.22)
    born = truly["birth_date"].dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
    status = SUBSCRIBED[rng.choice(3, count, p=[0.5, 0.14, 0.36])]
    return pd.DataFrame(
        {
            "first_name": [pair[0] for pair in cased],
            "last_name": [pair[1] for pair in cased],
            "email": np.where(has_mail, np.array(mail, dtype=object), ""),
            "phone": np.where(has_phone, np.array(phone, dtype=object), ""),
            # One e-mail in eight is only asked for some months after the first visit.
            "email_since": records["first_day"] + np.where(rng.random(count) < 0.12, 100, 0),
            "email_status": np.where(has_mail, status, "Unknown"),
            "is_instant": reach == 0,
            "address": np.where(has_address, truly["address"], ""),
            "city": np.where(has_address, truly["city"], ""),
            "region": np.where(has_address, truly["region"], ""),
            "postal_code": np.where(has_address | (rng.random(count) < 0.05), truly["postal_code"], ""),
            "birth_date": np.where(has_birthday, born, ""),
        }
    )


def _given(name: str, luck: float, pick: float) -> str:
    short = GIVEN_NAMES[name]
    if luck < 0.18 and short:
        return short[int(pick * len(short))]
    if luck > 0.98:
        return ""
    if luck > 0.96:
        return f"{name[0]}."
    return _slip(name, pick) if luck > 0.93 else name


def _surname(name: str, luck: float, pick: float) -> str:
    if luck > 0.97:
        return ""
    return _slip(name, pick) if luck > 0.93 else name


def _slip(text: str, pick: float) -> str:
    """Two neighbouring letters swapped, one left out, or one doubled."""
    at = 1 + int(pick * max(1, len(text) - 2))
    kind = int(pick * 997) % 3
    if kind == 0:
        return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if kind == 1 else text[: at + 1] + text[at:]


def _case(first: str, last: str, luck: float) -> tuple[str, str]:
    if luck < 0.05:
        return first.upper(), last.upper()
    if luck < 0.11:
        return first.lower(), last.lower()
    return (f" {first}", f"{last}  ") if luck < 0.13 else (first, last)


def _mail(address: str, luck: float, pick: float) -> str:
    local, domain = address.split("@")
    if luck < 0.10:
        return f"{local.title()}@{domain}"
    if luck < 0.13:
        return f"{_slip(local, pick / 2)}@{domain}"  # in the name, never in the number that tells two apart
    return f"{local}@@{domain}" if luck < 0.145 else address


def _phone(number: str, form: str, luck: float) -> str:
    if luck < 0.006:
        return "000-000-0000"
    if luck < 0.02:
        return f"{number[5:8]}-{number[8:]}"
    return form.format(number[2:5], number[5:8], number[8:])
