"""A franchise network of any size as CSV files: deterministic, written with numpy and Arrow.

Per location and month one file of receipt lines, per location one of the till's customers, and the franchisor's
locations, products and e-mail club. Half of the receipts name a customer; a seventh of the people are known at
two tills, by the same e-mail address; one line in fifty is returned.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

LAST_DAY = date(2026, 10, 31)
SIZES = {"tiny": 4_000, "100k": 100_000, "300k": 300_000, "1M": 1_000_000, "3M": 3_000_000, "10M": 10_000_000}
SIZES |= {"40M": 40_000_000}
LINES_PER_LOCATION = 50_000
RECORDS_PER_LINE = 0.057
PRODUCTS = 40
# Of these are made as many names as a network of a million customers has.
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Iris", "Jon", "Kay", "Leo", "Mia", "Ned")
LAST_NAMES = ("Adler", "Bauer", "Cole", "Diaz", "Engel", "Frost", "Grant", "Hale", "Ito", "Jones", "Keller", "Lang")
ENDINGS = (
    "",
    "son",
    "mann",
    "er",
    "ova",
    "ski",
    "ez",
    "ini",
    "sen",
    "ley",
    "ton",
    "ford",
    "wood",
    "berg",
    "stein",
    "dottir",
)
MIDDLES = (
    "",
    "a",
    "el",
    "in",
    "o",
    "ur",
    "ak",
    "ing",
    "und",
    "isl",
    "opp",
    "ach",
    "ebr",
    "ost",
    "um",
    "yth",
    "orn",
    "ev",
)
NETWORK_YAML = "network: {name: Bench, currency: USD, timezone: UTC, country: US}\n"


@dataclass(frozen=True)
class Size:
    """How much: receipt lines, locations and days (36 months, or 13 in a small network)."""

    lines: int

    @property
    def locations(self) -> int:
        return max(2, self.lines // LINES_PER_LOCATION)

    @property
    def first_day(self) -> date:
        return date(2023, 11, 1) if self.lines >= 100_000 else date(2025, 10, 1)

    @property
    def days(self) -> int:
        return (LAST_DAY - self.first_day).days + 1


def write_network(folder: Path, size: Size, seed: int = 7) -> None:
    """Everything but the last day, which `deliver_day` brings; `folder`/network.yaml names it."""
    landing = folder / "landing"
    (landing / "hq").mkdir(parents=True)
    (folder / "network.yaml").write_text(NETWORK_YAML)
    names = [location_name(n) for n in range(size.locations)]
    _write(landing / "hq" / "locations.csv", {"location_id": names, "name": names})
    products = np.arange(PRODUCTS)
    _write(
        landing / "hq" / "products.csv", {"product_id": _labels("p", products), "name": _labels("Product ", products)}
    )
    for number in range(size.locations):
        lines = _lines(size, number, seed)
        _write(landing / names[number] / "customers.csv", _customers(size, number))
        month = pc.strftime(lines["business_date"], "%Y-%m").to_numpy(zero_copy_only=False)
        day = lines["business_date"].to_numpy()
        keep = day < np.datetime64(LAST_DAY)
        for name in np.unique(month):
            _write(landing / names[number] / f"{name}.csv", lines.filter(pa.array(keep & (month == name))))
    _write(landing / "hq" / "club.csv", _club(size))


def deliver_day(folder: Path, size: Size, seed: int = 7) -> None:
    """The last day's receipts: one more file per location."""
    for number in range(size.locations):
        lines = _lines(size, number, seed)
        day = lines.filter(pc.equal(lines["business_date"], LAST_DAY))
        _write(folder / "landing" / location_name(number) / f"{LAST_DAY}.csv", day)


def location_name(number: int) -> str:
    return f"loc_{number:03d}"


def _people_of(size: Size, number: int) -> np.ndarray:
    """The person behind each customer record of a location; the last seventh are the next location's first."""
    count = int(size.lines * RECORDS_PER_LINE / size.locations)
    shared = count // 7
    own = number * count + np.arange(count)
    own[count - shared :] = ((number + 1) % size.locations) * count + np.arange(shared)
    return own


def _customers(size: Size, number: int) -> dict[str, object]:
    person = _people_of(size, number)
    created = np.datetime64(size.first_day) + person % 200
    return {
        "source_customer_id": _labels("c", np.arange(len(person))),
        "first_name": np.array(FIRST_NAMES)[person % len(FIRST_NAMES)],
        "last_name": _last_names(person),
        "email": _emails(person),
        "postal_code": pc.cast(pa.array(10_000 + person % 900), pa.string()),
        "created_at": pa.array(created),
        "email_consent": np.array(["granted", "denied", "unknown"])[person % 3],
    }


def _club(size: Size) -> dict[str, object]:
    people = np.arange(0, int(size.lines * RECORDS_PER_LINE), 9)
    return {
        "signup_id": _labels("s", people),
        "signed_up_at": pa.array(np.datetime64(size.first_day) + 30 + people % (size.days - 40)),
        "email": _emails(people),
        "first_name": np.array(FIRST_NAMES)[people % len(FIRST_NAMES)],
        "last_name": _last_names(people),
        "email_consent": np.full(len(people), "granted"),
    }


def _lines(size: Size, number: int, seed: int) -> pa.Table:
    """One location's receipt lines, oldest first: 1 to 4 lines a receipt, a fiftieth of them refunds."""
    rng = np.random.default_rng([seed, number])
    receipts = int(size.lines / size.locations / 1.8)
    count = rng.choice([1, 2, 3, 4], receipts, p=[0.45, 0.35, 0.15, 0.05])
    day = np.sort(rng.integers(0, size.days, receipts))
    customers = int(size.lines * RECORDS_PER_LINE / size.locations)
    # Some come often and most seldom; some stop coming at a day of their own.
    regular = (customers * rng.random(receipts) ** 2.2).astype(int)
    gone = (regular % 5 == 0) & (day > size.days * (0.4 + 0.5 * (regular % 97) / 97))
    customer = np.where((rng.random(receipts) < 0.5) & ~gone, regular, -1)
    second = rng.integers(7 * 3600, 20 * 3600, receipts)
    receipt = np.repeat(np.arange(receipts), count)
    position = np.arange(len(receipt)) - np.repeat(np.cumsum(count) - count, count)
    product = rng.integers(0, PRODUCTS, len(receipt))
    quantity = rng.choice([1, 1, 1, 2], len(receipt))
    refund = (position > 0) & (rng.random(len(receipt)) < 0.05)
    cents = (250 + 25 * product) * quantity * np.where(refund, -1, 1)
    at = np.datetime64(size.first_day, "s") + (day * 86_400 + second).astype("timedelta64[s]")
    buyer = pa.array(customer[receipt])
    own = pc.binary_join_element_wise("o", pc.cast(pa.array(receipt), pa.string()), "")
    returned = pc.binary_join_element_wise("r", pc.cast(pa.array(receipt), pa.string()), "")
    order_id = pc.if_else(pa.array(refund), returned, own)
    named = pc.binary_join_element_wise("c", pc.cast(buyer, pa.string()), "")
    return pa.table(
        {
            "order_id": order_id,
            "line_id": pc.cast(pa.array(position), pa.string()),
            "ordered_at": pc.strftime(pa.array(at[receipt]), "%Y-%m-%dT%H:%M:%S"),
            "business_date": pa.array(at[receipt].astype("datetime64[D]")),
            "product_id": _labels("p", product),
            "quantity": pa.array(np.where(refund, -quantity, quantity)),
            "net_amount": pa.array(cents / 100),
            "kind": np.where(refund, "refund", "sale"),
            "refunds_order_id": pc.if_else(pa.array(refund), own, ""),
            "source_customer_id": pc.if_else(pc.greater_equal(buyer, 0), named, ""),
        }
    )


def _labels(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _emails(person: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise("person", pc.cast(pa.array(person), pa.string()), "@example.com", "")


def _last_names(person: np.ndarray) -> np.ndarray:
    names = np.array([name + middle + ending for name in LAST_NAMES for middle in MIDDLES for ending in ENDINGS])
    return names[(person * 2_654_435_761 >> 11) % len(names)]


def _write(path: Path, columns: dict[str, object] | pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    csv.write_csv(table, path, csv.WriteOptions(quoting_style="needed"))
