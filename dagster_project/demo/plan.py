"""What is decided before anything is drawn: how big, how long, which shops, and their open days.

Days are counted from 0 (the plan's first day) to `days - 1`; a day index is local to the shop.
"""

import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
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

# town, region, first postal code, latitude, longitude, time zone
TOWNS = (
    ("Brookfield", "NY", 12010, 42.81, -75.31, "America/New_York"),
    ("Easton", "PA", 18040, 40.69, -75.22, "America/New_York"),
    ("Lakeside", "IL", 60040, 42.20, -87.81, "America/Chicago"),
    ("Millbrook", "NJ", 8820, 40.52, -74.39, "America/New_York"),
    ("Riverton", "CT", 6060, 41.96, -73.01, "America/New_York"),
)


@dataclass(frozen=True)
class Shop:
    """One location. `till` is the export's vendor: square or canonical."""

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
    def shops(self) -> tuple[Shop, ...]:
        square = max(1, round(0.6 * self.locations))
        shops = []
        for number in range(1, self.locations + 1):
            town, region, postal_code, latitude, longitude, zone = TOWNS[(number - 1) % len(TOWNS)]
            shops.append(
                Shop(
                    number=number,
                    till="square" if number <= square else "canonical",
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
            if shop.number % 5 == 3 and self.days > 400:
                weights[row, 280:287] = 0  # closed a week for a new counter
        return np.concatenate([np.zeros((self.locations, 1)), np.cumsum(weights, axis=1)], axis=1)
