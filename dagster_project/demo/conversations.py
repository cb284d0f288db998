"""What the franchisor said to people and they to it: campaigns, mailings, leads, surveys, cases, answers, requests.

Small amounts of each, about people who are there: who complained most often stopped coming soon after.
Actions on alerts are not here: they name alerts and customers that only a published night has.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo.exporttext import Delivery, clock
from dagster_project.demo.headquarters import delivery, shop_ids, taken_back_on, utc
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import Plan

# id, name, channel, start as a share of the time, days, cost, fund
CAMPAIGNS = (
    ("CMP-01", "Winter warmers", "email", 0.12, 21, "450.00", "national"),
    ("CMP-02", "Iced summer", "email", 0.37, 28, "450.00", "national"),
    ("CMP-03", "Bring a friend", "social", 0.50, 30, "1200.00", "national"),
    ("CMP-04", "Pumpkin season", "email", 0.62, 21, "480.00", "national"),
    ("CMP-05", "New beans", "email", 0.81, 14, "300.00", "national"),
    ("CMP-06", "Local radio", "radio", 0.85, 14, "800.00", "local"),
    ("CMP-07", "Back to school", "email", 0.93, 14, "320.00", "national"),
)
MAILED_AT_MOST = 400
QUESTIONS = (
    ("How do you take your coffee?", ("black", "with milk", "with oat milk", "iced")),
    ("When do you usually come?", ("before work", "at lunch", "in the afternoon")),
    ("How many of you are at home?", ("1", "2", "3", "4 or more")),
)
COMPLAINTS = ("slow service", "wrong drink", "cold coffee", "rude staff", "table not clean")
ASKED = ("catering for 20 people", "beans for our office", "renting the room", "a gift card for staff")


def conversation_exports(
    plan: Plan, people: pd.DataFrame, sales: Sales, records: pd.DataFrame, record_of_order: np.ndarray, signups
) -> Iterator[Delivery]:
    yield delivery(plan, "campaigns", _campaigns(plan))
    yield from _engagement(plan, signups)
    yield delivery(plan, "leads", _leads(plan, people))
    known = _told_orders(plan, people, sales, records, record_of_order)
    yield delivery(plan, "surveys", _surveys(plan, known))
    yield delivery(plan, "cases", _cases(plan, known))
    yield delivery(plan, "answers", _answers(plan, signups))
    yield delivery(plan, "privacy_requests", _privacy_requests(plan, signups))


def _campaigns(plan: Plan) -> dict:
    starts = [int(share * plan.days) for *_, share, _, _, _ in CAMPAIGNS]
    ends = [min(start + c[4], plan.days) - 1 for start, c in zip(starts, CAMPAIGNS, strict=True)]
    return {
        "campaign_id": [c[0] for c in CAMPAIGNS],
        "name": [c[1] for c in CAMPAIGNS],
        "channel": [c[2] for c in CAMPAIGNS],
        "scope": ["network" if c[6] == "national" else "shop_1" for c in CAMPAIGNS],
        "starts_on": [str(plan.date(start)) for start in starts],
        "ends_on": [str(plan.date(end)) for end in ends],
        "cost_amount": [c[5] for c in CAMPAIGNS],
        "fund": [c[6] for c in CAMPAIGNS],
    }


def _engagement(plan: Plan, signups: pd.DataFrame) -> Iterator[Delivery]:
    """A file per mailing; who took consent back by a link is the one who unsubscribed here, in the same second."""
    agreed = signups[signups["is_agreed"]].drop_duplicates("email")
    back = taken_back_on(plan, agreed)
    for campaign_id, name, channel, share, length, *_ in CAMPAIGNS:
        start = int(share * plan.days)
        rng = plan.rng(f"mailing {campaign_id}")
        told = agreed[(agreed["day"] < start) & ((back < 0) | (back > start))]
        if channel != "email" or told.empty:
            continue
        told = told.iloc[np.sort(rng.permutation(len(told))[:MAILED_AT_MOST])]
        luck, count = rng.random(len(told)), len(told)
        second = 14 * 3600 + rng.integers(0, 1800, count)
        leaves = (back[told.index] >= start) & (back[told.index] < start + length)
        parts = [
            ("sent", np.full(count, True), 0),
            ("bounced_hard", luck > 0.99, 40),
            ("bounced_soft", (luck > 0.98) & (luck <= 0.99), 40),
            ("delivered", luck <= 0.98, 40),
            ("opened", luck < 0.36, 5400),
            ("clicked", luck < 0.08, 5460),
            ("complained", (luck > 0.355) & (luck < 0.3575), 5500),
        ]
        rows = [
            pd.DataFrame({"contact": told["email"][mask], "event": event, "day": start, "second": second[mask] + later})
            for event, mask, later in parts
        ]
        gone = told[leaves]
        rows.append(gone.assign(contact=gone["email"], event="unsubscribed", day=back[gone.index]))
        events = pd.concat(rows)[["contact", "event", "day", "second"]]
        columns = {
            "contact": events["contact"],
            "event": events["event"],
            "at": utc(plan, events["day"].to_numpy(), events["second"].to_numpy()),
            "campaign_id": campaign_id,
            "topic": name,
            "destination": "email_drop",
        }
        yield delivery(plan, "engagement", columns, min(start + length, plan.days) - 1, f"_{campaign_id}")


def _leads(plan: Plan, people: pd.DataFrame) -> dict:
    rng = plan.rng("leads")
    asks = people.iloc[np.sort(rng.permutation(len(people))[: max(3, len(people) // 200)])]
    day, second = rng.integers(0, plan.days - 3, len(asks)), rng.integers(9 * 3600, 18 * 3600, len(asks))
    number = np.arange(len(asks))
    answered = rng.random(len(asks)) < 0.85
    return {
        "lead_id": [f"LEAD-{n + 1:05d}" for n in number],
        "location_id": shop_ids(plan)[asks["home"]],
        "created_at": utc(plan, day, second),
        "first_response_at": np.where(answered, utc(plan, day + number % 3, second + 3600 * (number % 5)), ""),
        "channel": np.where(number % 3 == 0, "phone", "web form"),
        "campaign_id": np.where(number % 4 == 0, "CMP-06", ""),
        "how_heard": np.where(number % 4 == 0, "radio", "is a customer"),
        "first_question": np.array(ASKED, dtype=object)[number % len(ASKED)],
        "mode": np.where(number % 3 == 0, "assisted", "self_service"),
        "email": asks["email"],
        "phone": np.where(number % 3 == 0, asks["phone"], ""),
        "name": asks["first_name"] + " " + asks["last_name"],
    }


def _told_orders(plan: Plan, people, sales: Sales, records, record_of_order: np.ndarray) -> pd.DataFrame:
    """Orders whose person left an e-mail at that till; canonical tills' order ids are known here too."""
    orders = sales.orders.assign(record=record_of_order)
    orders = orders[orders["record"] >= 0]
    who = records.iloc[orders["record"]]
    orders = orders.assign(contact=who["email"].to_numpy(), till=who["till"].to_numpy())
    orders = orders[orders["contact"].str.contains("@") & ~orders["contact"].str.contains("@@")]
    orders["to_stop"] = people["stops_on"].to_numpy()[orders["person"]] - orders["day"]
    receipt = orders["receipt"].map("{:07d}".format)
    return orders.assign(order_id=np.where(orders["till"] == "canonical", receipt, "")).reset_index(drop=True)


def _some(plan: Plan, purpose: str, orders: pd.DataFrame, share: float) -> tuple[pd.DataFrame, np.ndarray]:
    """About that share of the orders, those before someone stopped five times as often; a number for each."""
    ends = orders["to_stop"] + orders["day"]
    orders = orders.assign(stopping=(orders["to_stop"] < 30) & (ends < plan.days))
    luck = plan.rng(purpose).random(len(orders))
    some = orders[luck < share * np.where(orders["stopping"], 5, 1)]
    return some.sort_values(["day", "shop", "second"], kind="stable", ignore_index=True), np.arange(len(some))


def _surveys(plan: Plan, orders: pd.DataFrame) -> dict:
    asked, number = _some(plan, "surveys", orders, 0.01)
    rng = plan.rng("survey scores")
    score = np.clip(np.round(rng.normal(np.where(asked["stopping"], 4.5, 8.7), 1.4)), 0, 10).astype(int)
    answered = rng.random(len(asked)) < 0.4
    day, second = asked["day"].to_numpy(), asked["second"].to_numpy()
    later = np.minimum(day + 1, plan.days - 1)
    return {
        "response_id": [f"SV-{n + 1:06d}" for n in number],
        "kind": ["nps"] * len(asked),
        "touchpoint": ["visit"] * len(asked),
        "sent_at": utc(plan, day, np.minimum(second + 7200 + 5 * 3600, 86_000)),
        "answered_at": np.where(answered, utc(plan, later, second), ""),
        "order_id": asked["order_id"],
        "location_id": shop_ids(plan)[asked["shop"]],
        "contact": asked["contact"],
        "score": np.where(answered, score.astype(str), ""),
        "comment": np.where(answered & (score < 5), "Waited too long", ""),
    }


def _cases(plan: Plan, orders: pd.DataFrame) -> dict:
    opened, number = _some(plan, "cases", orders, 0.003)
    angry = opened["stopping"].to_numpy() | (number % 3 == 0)
    day, second = opened["day"].to_numpy(), opened["second"].to_numpy()
    resolved = ~opened["stopping"].to_numpy() | (number % 4 == 0)
    ends = np.minimum(day + 1 + number % 6, plan.days - 1)
    return {
        "case_id": [f"CASE-{n + 1:05d}" for n in number],
        "location_id": shop_ids(plan)[opened["shop"]],
        "contact": opened["contact"],
        "order_id": opened["order_id"],
        "kind": np.where(angry, "complaint", np.array(["service", "suggestion", "praise"], dtype=object)[number % 3]),
        "severity": np.where(angry, (1 + number % 3).astype(str), ""),
        "category": np.where(angry, np.array(COMPLAINTS, dtype=object)[number % len(COMPLAINTS)], ""),
        "owner": ["customer care"] * len(opened),
        "opened_at": utc(plan, day, np.minimum(second + 1800 + 5 * 3600, 86_000)),
        "first_contact_resolved": np.where(resolved, np.where(number % 2 == 0, "true", "false"), "false"),
        "answered_at": np.where(resolved, utc(plan, ends, second), ""),
        "resolved_at": np.where(resolved, utc(plan, ends, np.minimum(second + 3600, 86_000)), ""),
        "resolution": np.where(resolved, np.where(angry, "apology and a voucher", "answered"), ""),
    }


def _answers(plan: Plan, signups: pd.DataFrame) -> dict:
    asked = signups[signups["is_agreed"] & (np.arange(len(signups)) % 8 == 0)]
    number = np.arange(len(asked))
    replies = [QUESTIONS[n % 3][1][n // 3 % len(QUESTIONS[n % 3][1])] for n in number]
    answered = number % 5 < 3
    return {
        "contact": asked["email"],
        "question": [QUESTIONS[n % 3][0] for n in number],
        "answer": np.where(answered, np.array(replies, dtype=object), ""),
        "asked_at": utc(plan, np.minimum(asked["day"].to_numpy() + 7, plan.days - 1), asked["second"].to_numpy()),
        "outcome": np.where(answered, "answered", "no_answer"),
    }


def _privacy_requests(plan: Plan, signups: pd.DataFrame) -> dict:
    kinds = ("erase", "access", "restrict", "erase")
    asks = signups[signups["day"] < plan.days - 60].drop_duplicates("email").iloc[: len(kinds)]
    received = plan.dates.astype(str).astype(object)[[plan.days - 40 + 9 * n for n in range(len(asks))]]
    return {
        "request_id": [f"PR-{n + 1:04d}" for n in range(len(asks))],
        "kind": list(kinds[: len(asks)]),
        "contact": asks["email"],
        "received_at": received + "T" + clock(np.full(len(asks), 54_000)) + "Z",
    }
