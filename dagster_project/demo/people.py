"""Who the customers are, who they live with, and how they live: rhythm, home shop, and what changes.

A person's visits are a Poisson process whose rate follows the shop's footfall (season, weekday, open
days). What changes a person is one of: they stop, they decline, they move to another shop.
"""

import numpy as np
import pandas as pd

from dagster_project.demo.names import GIVEN_NAMES, STREETS, SURNAMES
from dagster_project.demo.plan import AREA_CODES, NEIGHBOURHOOD, Plan

# rhythm: share of people, visits per open day
NEIGHBOURS = {
    "daily": (0.02, 0.55),
    "often": (0.05, 0.26),
    "weekly": (0.16, 0.14),
    "monthly": (0.33, 0.034),
    "seldom": (0.22, 0.012),
    "one_timer": (0.22, 0.0),
}
# Many people who come seldom: 20,000 of them make some 250,000 receipt lines in two years.
PASSING_TRADE = {
    "daily": (0.0012, 0.45),
    "often": (0.004, 0.22),
    "weekly": (0.012, 0.13),
    "monthly": (0.045, 0.034),
    "seldom": (0.19, 0.008),
    "one_timer": (0.7478, 0.0),
}
MAIL_DOMAINS = np.array(["example.com", "example.org", "example.net"], dtype=object)
SHORT_NUMBERS = len(AREA_CODES) * 100


def draw_people(plan: Plan) -> pd.DataFrame:
    """One row per person: who they are, where and how often they buy, and what changes when.

    Day columns are day indexes; -1 (or `plan.days` for stops_on) means it does not happen.
    """
    rng, count = plan.rng("people"), plan.people
    number = np.arange(count)
    leader = _households(rng, count)
    given = np.array(list(GIVEN_NAMES), dtype=object)
    surnames = np.array(SURNAMES, dtype=object)
    # Members of one household never share a given name: the steps 1 and 2 times 17 stay apart.
    first = given[(rng.integers(0, len(given), count)[leader] + 17 * (number - leader)) % len(given)]
    last = surnames[rng.integers(0, len(surnames), count)]
    last = np.where(rng.random(count) < 0.9, last[leader], last)

    home = rng.integers(0, plan.locations, count)[leader]
    shares_phone = (number != leader) & (rng.random(count) < 0.75)
    born = np.datetime64("1948-01-01") + rng.integers(0, 57 * 365, count)
    towns = [plan.shops[shop] for shop in home]
    street = rng.integers(0, len(STREETS), count)
    address = [f"{house} {STREETS[way]}" for house, way in zip(rng.integers(1, 400, count), street, strict=True)]
    people = pd.DataFrame(
        {
            "person_id": [f"person_{n + 1:06d}" for n in number],
            "first_name": first,
            "last_name": last,
            "household_id": [f"household_{n + 1:06d}" for n in leader],
            "email": mail_addresses(first, last, number, rng),
            "phone": phone_numbers(np.where(shares_phone, leader, number), plan),
            "shares_phone": shares_phone,
            "address": np.array(address, dtype=object)[leader],
            "city": [shop.town for shop in towns],
            "region": [shop.region for shop in towns],
            "postal_code": [
                f"{shop.postal_code + offset:05d}"
                for shop, offset in zip(towns, rng.integers(0, 6, count)[leader], strict=True)
            ],
            "birth_date": born,
            "home": home,
        }
    )
    return _habits(plan, people, rng)


def mail_addresses(first: np.ndarray, last: np.ndarray, number: np.ndarray, rng) -> np.ndarray:
    """An address per person, unique through the number, at the domains reserved for examples."""
    domain = MAIL_DOMAINS[rng.integers(0, 3, len(number))]
    style = rng.integers(0, 3, len(number))
    addresses = []
    for name, surname, n, kind, at in zip(first, last, number, style, domain, strict=True):
        local = (f"{name}.{surname}{n}", f"{name[0]}{surname}{n}", f"{surname}_{name}{n}")[kind]
        addresses.append(f"{local}@{at}".lower().replace("'", ""))
    return np.array(addresses, dtype=object)


def phone_numbers(number: np.ndarray, plan: Plan) -> np.ndarray:
    """E.164 numbers of the fictional 555 exchange; 01xx while they last, then what follows it."""
    order = plan.rng("phones").permutation(SHORT_NUMBERS)
    phones = []
    for n in number:
        if n < SHORT_NUMBERS:
            code, line = divmod(int(order[n]), 100)
            line += 100
        else:
            code, line = int(n) % len(AREA_CODES), 100 + int(n) // len(AREA_CODES)
        exchange, line = divmod(line, 10_000)
        phones.append(f"+1{AREA_CODES[code]}{555 + exchange}{line:04d}")
    return np.array(phones, dtype=object)


def _households(rng, count: int) -> np.ndarray:
    """Index of each person's household head: one in seven joins the person before, three at most."""
    number = np.arange(count)
    joins = rng.random(count) < 0.14
    joins[0] = False
    joins[2:] &= ~(joins[1:-1] & joins[:-2])
    leader = np.maximum.accumulate(np.where(joins, 0, number))
    return np.where(number - leader > 2, number, leader)


def _habits(plan: Plan, people: pd.DataFrame, rng) -> pd.DataFrame:
    count, days = len(people), plan.days
    rhythms = PASSING_TRADE if count > NEIGHBOURHOOD else NEIGHBOURS
    names = np.array(list(rhythms), dtype=object)
    shares = np.array([share for share, _ in rhythms.values()])
    rhythm = rng.choice(len(names), count, p=shares / shares.sum())
    rate = np.array([rate for _, rate in rhythms.values()])[rhythm] * rng.gamma(10, 0.1, count)
    one_timer = names[rhythm] == "one_timer"
    frequent = np.isin(names[rhythm].astype(str), ["daily", "often", "weekly"])

    opens = np.array([shop.opens for shop in plan.shops])[people["home"]]
    joined = rng.integers(0, max(1, days - 10), count)
    starts = np.maximum(np.where((rng.random(count) < 0.4) & ~one_timer, 0, joined), opens)

    fate = np.full(count, "steady", dtype=object)
    luck = rng.random(count)
    long_known = days - starts > 0.45 * days
    fate[~one_timer & (luck < 0.24)] = "stopped"
    fate[~one_timer & (luck >= 0.24) & (luck < 0.32) & long_known & (plan.locations > 1)] = "moved"
    fate[frequent & (luck >= 0.32) & (luck < 0.50) & long_known] = "declined"

    # Two in five of those who stop do so lately, so that there is someone to win back.
    recent = days - rng.integers(14, max(15, min(150, days // 3)), count)
    anywhen = starts + (rng.random(count) * (days - starts)).astype(int)
    stops = np.where(rng.random(count) < 0.4, recent, anywhen)
    stops = np.where(fate == "stopped", np.maximum(stops, starts + 1), days)

    elsewhere = (people["home"].to_numpy() + rng.integers(1, max(2, plan.locations), count)) % plan.locations
    second = np.where((rng.random(count) < 0.28) & ~one_timer & (plan.locations > 1), elsewhere, -1)
    moves = starts + ((0.4 + 0.4 * rng.random(count)) * (days - starts)).astype(int)
    moved = fate == "moved"
    return people.assign(
        rhythm=names[rhythm],
        rate=rate,
        starts_on=starts,
        fate=fate,
        stops_on=np.minimum(stops, days),
        declines_on=np.where(fate == "declined", max(0, days - 90), -1),
        declines_to=np.where(fate == "declined", rng.uniform(0.3, 0.5, count), 1.0),
        moves_on=np.where(moved, moves, -1),
        moves_to=np.where(moved, elsewhere, -1),
        second=np.where(moved, -1, second),
        capture=np.where(rng.random(count) < 0.06, 0.0, rng.uniform(0.85, 1.0, count)),
    )
