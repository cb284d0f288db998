"""What was bought: orders of known people and of passers-by, their lines, and what came back.

Everything is drawn in arrays; amounts are cents; `person` is a row number of people, -1 a passer-by.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue
from dagster_project.demo.plan import Plan, Shop

PASSERS_BY_PER_ORDER = 1.62
HOURS = np.arange(6, 18)
HOUR_WEIGHTS = np.array([5, 13, 17, 13, 9, 7, 9, 8, 6, 6, 4, 3], dtype=float)
TAX = 0.0775
CARD_BRANDS = np.array(["Visa", "MasterCard", "American Express", "Discover", ""], dtype=object)
CARD_SHARES = (0.66, 0.17, 0.06, 0.05, 0.06)


@dataclass(frozen=True)
class Sales:
    """orders: one row per receipt. lines: one row per sold or refunded item, `order` a row of orders."""

    orders: pd.DataFrame
    lines: pd.DataFrame

    def of(self, shop: Shop) -> tuple[pd.DataFrame, pd.DataFrame]:
        """One shop's orders (which lie together) and their lines."""
        first, after = np.searchsorted(self.orders["shop"], [shop.number - 1, shop.number])
        order = self.lines["order"]
        return self.orders.iloc[first:after], self.lines[(order >= first) & (order < after)]


def draw_sales(plan: Plan, people: pd.DataFrame) -> Sales:
    orders = _orders(plan, people)
    return Sales(orders, _lines(plan, people, orders))


def _segments(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """Stretches of unchanged habit: person, shop, from_day, to_day, rate (visits per unit of footfall)."""
    number = np.arange(len(people))
    change = np.where(people["moves_on"] >= 0, people["moves_on"], people["declines_on"])
    change = np.where(change >= 0, np.maximum(change, people["starts_on"]), people["stops_on"])
    after = np.where(people["moves_to"] >= 0, people["moves_to"], people["home"])
    has_second = people["second"].to_numpy() >= 0
    main_share = np.where(has_second, 0.75, 1.0)
    parts = []
    for shop, share in ((None, main_share), (people["second"].to_numpy(), 1 - main_share)):
        for from_day, to_day, place, factor in (
            (people["starts_on"], change, people["home"], 1.0),
            (change, people["stops_on"], after, people["declines_to"]),
        ):
            parts.append(
                pd.DataFrame(
                    {
                        "person": number,
                        "shop": place if shop is None else shop,
                        "from_day": from_day,
                        "to_day": to_day,
                        "rate": people["rate"] * share * factor,
                        "at_least": int(shop is None and to_day is change),
                    }
                )
            )
    segments = pd.concat(parts, ignore_index=True)
    return segments[(segments["shop"] >= 0) & (segments["to_day"] > segments["from_day"])]


def _orders(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    rng, footfall = plan.rng("orders"), plan.footfall
    segments = _segments(plan, people)
    shop = segments["shop"].to_numpy()
    low = footfall[shop, segments["from_day"]]
    high = footfall[shop, segments["to_day"]]
    visits = np.maximum(rng.poisson(segments["rate"] * (high - low)), segments["at_least"])
    visits = np.where(high > low, visits, 0)
    person, shop = np.repeat(segments["person"], visits).to_numpy(), np.repeat(shop, visits)
    at = np.repeat(low, visits) + rng.random(len(shop)) * np.repeat(high - low, visits)

    busy = rng.uniform(0.7, 1.3, plan.locations) * footfall[:, -1]
    passing = rng.poisson(PASSERS_BY_PER_ORDER * len(shop) * busy / busy.sum())
    shop = np.concatenate([shop, np.repeat(np.arange(plan.locations), passing)])
    person = np.concatenate([person, np.full(passing.sum(), -1)])
    at = np.concatenate([at, rng.random(passing.sum()) * np.repeat(footfall[:, -1], passing)])

    day = np.empty(len(shop), dtype=int)
    for row in range(plan.locations):
        here = shop == row
        day[here] = np.searchsorted(footfall[row], at[here], side="right") - 1
    count = len(shop)
    usual_hour = rng.choice(HOURS, len(people), p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    hour = rng.choice(HOURS, count, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    hour = np.where((person >= 0) & (rng.random(count) < 0.65), usual_hour[person], hour)
    known = person >= 0
    own_card = rng.choice(5, len(people), p=CARD_SHARES), rng.integers(0, 10_000, len(people))
    card = np.where(known, own_card[0][person], rng.choice(5, count, p=CARD_SHARES))
    orders = pd.DataFrame(
        {
            "shop": shop,
            "day": np.minimum(day, plan.days - 1),
            "second": hour * 3600 + rng.integers(0, 3600, count),
            "person": person,
            "card": CARD_BRANDS[card],
            "pan_suffix": np.where(known, own_card[1][person], rng.integers(0, 10_000, count)),
            "is_captured": known & (rng.random(count) < np.where(known, people["capture"].to_numpy()[person], 0)),
            "name_luck": rng.random(count),
            "pays_with_two": rng.random(count) < 0.006,
            "tip_cents": np.where(rng.random(count) < 0.4, 25 * rng.integers(2, 9, count), 0),
        }
    )
    orders = orders.sort_values(["shop", "day", "second", "person"], kind="stable", ignore_index=True)
    orders["receipt"] = orders.groupby("shop").cumcount() + 1
    return orders


def _lines(plan: Plan, people: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    rng = plan.rng("lines")
    order = np.repeat(np.arange(len(orders)), 1 + np.minimum(rng.poisson(0.47, len(orders)), 4))
    count = len(order)
    person = orders["person"].to_numpy()[order]
    favourite = rng.choice(len(catalogue.MENU), len(people), p=catalogue.POPULARITY)
    product = rng.choice(len(catalogue.MENU), count, p=catalogue.POPULARITY)
    position = np.arange(count) - np.searchsorted(order, order)
    product = np.where((person >= 0) & (position == 0) & (rng.random(count) < 0.6), favourite[person], product)

    modifier = np.where(catalogue.IS_DRINK[product], rng.integers(0, len(catalogue.MODIFIERS), count), -1)
    price = catalogue.PRICES[product] + np.where(modifier >= 0, catalogue.MODIFIER_CENTS[modifier], 0)
    dearer = plan.dates[orders["day"].to_numpy()[order]] >= np.datetime64("2026-01-01")
    price = np.where(dearer, 5 * np.round(price * 1.04 / 5), price).astype(int)
    quantity = rng.choice([1, 2, 3, 4], count, p=[0.9, 0.085, 0.012, 0.003])
    gross = price * quantity
    discount = np.where(rng.random(count) < 0.03, np.round(gross * rng.choice([0.1, 0.2, 0.5], count)), 0).astype(int)
    sold = pd.DataFrame(
        {
            "order": order,
            "position": position + 1,
            "product": product,
            "modifier": modifier,
            "quantity": quantity,
            "price": price,
            "gross": gross,
            "discount": discount,
            "net": gross - discount,
            "tax": np.round((gross - discount) * TAX).astype(int),
            "kind": np.where(rng.random(count) < 0.002, "void", "sale"),
            "day": orders["day"].to_numpy()[order],
            "second": orders["second"].to_numpy()[order],
        }
    )
    back = sold[(sold["kind"] == "sale") & (rng.random(count) < 0.009)].copy()
    for column in ("quantity", "gross", "discount", "net", "tax"):
        back[column] = -back[column]
    back["kind"] = "refund"
    back["second"] += rng.integers(240, 5400, len(back))
    later = rng.random(len(back)) < 0.2
    back["day"] = np.where(later, np.minimum(back["day"] + rng.integers(1, 6, len(back)), plan.days - 1), back["day"])
    return pd.concat([sold, back], ignore_index=True)
