"""What is decided before anything is drawn: how big, how long, which shops, and their open days.

Days are counted from 0 (the plan's first day) to `days - 1`; a day index is local to the shop.
"""

import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

AREA_CODES = (
    212, 215, 267, 347, 412, 484, 516, 518, 585, 607, 610, 617, 631, 646, 716, 718, 845, 914, 917, 929,
    201, 551, 609, 732, 856, 908, 973, 203, 860, 401, 508, 781, 978, 603, 802, 207, 302, 410, 312, 773,
)  # fmt: skip

RAILS_ZONES = {
    "America/New_York": "Eastern Time (US & Canada)",
    "America/Chicago": "Central Time (US & Canada)",
}

EASTERN, CENTRAL = RAILS_ZONES
# town, region, first postal code, latitude, longitude, time zone
TOWNS = (
    ("Brookfield", "NY", 12010, 42.81, -75.31, EASTERN),
    ("Easton", "PA", 18040, 40.69, -75.22, EASTERN),
    ("Lakeside", "IL", 60040, 42.20, -87.81, CENTRAL),
    ("Millbrook", "NJ", 8820, 40.52, -74.39, EASTERN),
    ("Riverton", "CT", 6060, 41.96, -73.01, EASTERN),
    ("Ashford", "CT", 6270, 41.87, -72.12, EASTERN),
    ("Bayview", "WI", 53180, 42.98, -87.88, CENTRAL),
    ("Cedar Falls", "NY", 12110, 42.77, -73.70, EASTERN),
    ("Dunmore", "PA", 18510, 41.42, -75.63, EASTERN),
    ("Elmwood", "IL", 61520, 40.78, -89.97, CENTRAL),
    ("Fairhaven", "MA", 2710, 41.64, -70.90, EASTERN),
    ("Glenwood", "NJ", 7410, 41.25, -74.49, EASTERN),
    ("Harborview", "RI", 2870, 41.49, -71.31, EASTERN),
    ("Ivy Hill", "DE", 19700, 39.61, -75.75, EASTERN),
    ("Juniper", "WI", 54110, 44.27, -88.40, CENTRAL),
    ("Kingsbridge", "NY", 10410, 40.88, -73.90, EASTERN),
    ("Linden Park", "NJ", 7030, 40.62, -74.24, EASTERN),
    ("Maplewood", "MN", 55100, 44.95, -93.02, CENTRAL),
    ("Northfield", "MN", 55050, 44.46, -93.16, CENTRAL),
    ("Oakridge", "OH", 45140, 39.27, -84.26, EASTERN),
    ("Pinecrest", "OH", 44120, 41.48, -81.45, EASTERN),
    ("Quarry Bay", "ME", 4100, 43.66, -70.26, EASTERN),
    ("Redstone", "NH", 3810, 43.98, -71.10, EASTERN),
    ("Silver Lake", "IL", 60180, 42.05, -88.28, CENTRAL),
    ("Thornton", "MA", 1860, 42.79, -71.08, EASTERN),
    ("Unionville", "PA", 19340, 39.90, -75.74, EASTERN),
    ("Valley Forge", "PA", 19480, 40.10, -75.47, EASTERN),
    ("Westbrook", "ME", 4060, 43.68, -70.37, EASTERN),
    ("Yarrow", "MD", 20880, 39.14, -77.20, EASTERN),
    ("Zephyr Cove", "VA", 22040, 38.88, -77.17, EASTERN),
)
# The first five shops have these tills; what a larger network adds has the others too.
FIRST_TILLS = ("square", "square", "square", "canonical", "canonical")
MORE_TILLS = ("toast", "square", "clover", "square", "shopify", "square")
# Day indexes of the week in which some shops get a new counter.
CLOSED_WEEK = (280, 287)
# A network of more people than this has the habits of passing trade, not of a neighbourhood.
NEIGHBOURHOOD = 5000


@dataclass(frozen=True)
class Shop:
    """One location. `till` is the export's vendor: square, toast, clover, shopify or canonical."""

    number: int
    till: str
    town: str
    region: str
    postal_code: int
    latitude: float
    longitude: float
    timezone: str
    opens: int
    closed_weekday: int | None

    @property
    def location_id(self) -> str:
        return f"shop_{self.number}"

    @property
    def name(self) -> str:
        return f"Demo Coffee {self.town}" + ("" if self.number <= len(TOWNS) else f" {self.number}")

    @property
    def is_first(self) -> bool:
        """One of the first shops, whose files come more often than those of later ones."""
        return self.number <= len(FIRST_TILLS)

    @property
    def style(self) -> int:
        """Shops of one till differ in how they export; 1, 2, 3 among Square shops, 4, 5 among the others."""
        square = self.till == "square"
        return (self.number - 1) % 3 + 1 if square else 4 + self.number % 2


@dataclass(frozen=True)
class Plan:
    seed: int
    locations: int
    people: int
    days: int
    last_day: date

    @property
    def first_day(self) -> date:
        return self.last_day - timedelta(days=self.days - 1)

    def rng(self, purpose: str) -> np.random.Generator:
        """A stream of its own per purpose, so that one part's changes leave the others' draws alone."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def date(self, day: int) -> date:
        return self.first_day + timedelta(days=int(day))

    def delivered(self, shop_zone: str, day: int) -> datetime:
        """When a file through `day` arrives: 05:30 local on the next morning."""
        return datetime.combine(self.date(day) + timedelta(days=1), time(5, 30), ZoneInfo(shop_zone))

    @cached_property
    def dates(self) -> np.ndarray:
        """datetime64[D] per day index."""
        return np.datetime64(self.first_day) + np.arange(self.days)

    @cached_property
    def month_starts(self) -> list[int]:
        """Day index at which each month begins (the first may be cut), then `days`."""
        months = self.dates.astype("datetime64[M]")
        return [0, *(np.flatnonzero(months[1:] != months[:-1]) + 1).tolist(), self.days]

    @cached_property
    def periods(self) -> list[tuple[int, int]]:
        """(from, until) day indexes of an export habit: a file per half-year, and the last two months."""
        starts, recent = self.month_starts[:-1], 2
        older = starts[: max(0, len(starts) - recent)][::6]
        bounds = [*older, *starts[-recent:], self.days]
        return list(pairwise(bounds))

    @cached_property
    def shops(self) -> tuple[Shop, ...]:
        square = max(1, round(0.6 * self.locations))
        few = ("square",) * square + ("canonical",) * (self.locations - square)
        more = (MORE_TILLS[number % len(MORE_TILLS)] for number in range(self.locations - len(FIRST_TILLS)))
        tills = few if self.locations <= len(FIRST_TILLS) else (*FIRST_TILLS, *more)
        shops = []
        for number in range(1, self.locations + 1):
            town, region, postal_code, latitude, longitude, zone = TOWNS[(number - 1) % len(TOWNS)]
            shops.append(
                Shop(
                    number=number,
                    till=tills[number - 1],
                    town=town,
                    region=region,
                    postal_code=postal_code,
                    latitude=latitude,
                    longitude=longitude,
                    timezone=zone,
                    opens=self.days // 6 if number % 5 == 0 else 0,
                    closed_weekday=6 if number % 5 == 4 else None,
                )
            )
        return tuple(shops)

    def is_renovated(self, shop: Shop) -> bool:
        """Whether the shop was closed for a week, for a new counter."""
        return shop.number % 5 == 3 and self.days > 400

    @cached_property
    def footfall(self) -> np.ndarray:
        """Cumulated expected footfall, shops x (days + 1): steps average about 1, and 0 on a closed day."""
        weekday = (self.dates.astype("datetime64[D]").view("int64") + 3) % 7
        year_day = (self.dates - self.dates.astype("datetime64[Y]")).astype(int)
        busy = np.array([0.98, 0.96, 0.98, 1.0, 1.1, 1.13, 0.85])[weekday]
        season = 1 + 0.12 * np.cos(2 * np.pi * (year_day - 350) / 365)
        month = self.dates.astype("datetime64[M]").astype(int) % 12 + 1
        month_day = (self.dates - self.dates.astype("datetime64[M]")).astype(int) + 1
        thanksgiving = (month == 11) & (weekday == 3) & (month_day >= 22) & (month_day <= 28)
        holiday = thanksgiving | ((month == 12) & (month_day == 25)) | ((month == 1) & (month_day == 1))
        weights = np.tile(np.where(holiday, 0.0, busy * season), (self.locations, 1))
        for row, shop in enumerate(self.shops):
            weights[row, : shop.opens] = 0
            if shop.closed_weekday is not None:
                weights[row, weekday == shop.closed_weekday] = 0
            if self.is_renovated(shop):
                weights[row, slice(*CLOSED_WEEK)] = 0
        return np.concatenate([np.zeros((self.locations, 1)), np.cumsum(weights, axis=1)], axis=1)
