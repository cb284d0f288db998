"""What surrounds the sales: areas, weather and closed days, plans, costs, bookings, the tills' own product ids."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo import catalogue, exporttext
from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.headquarters import delivery, shop_ids
from dagster_project.demo.orders import Sales
from dagster_project.demo.plan import CLOSED_WEEK, Plan

WEATHER_DAYS = 120
WEATHER = np.array(["sunny", "cloudy", "cloudy", "rain", "sunny", "snow"], dtype=object)


def surrounding_exports(plan: Plan, sales: Sales, records: pd.DataFrame) -> Iterator[Delivery]:
    yield delivery(plan, "areas", _areas(plan))
    yield delivery(plan, "calendar", _calendar(plan))
    yield delivery(plan, "planned_changes", _planned_changes(plan))
    yield delivery(plan, "expenses", _expenses(plan, sales))
    yield delivery(plan, "product_map", _product_map(plan))
    for shop in [shop for shop in plan.shops if shop.till == "canonical"][:1]:
        columns = _bookings(plan, records[records["shop"] == shop.number - 1])
        yield delivery(plan, "bookings", columns, folder=f"{shop.location_id}/bookings")


def _table(names: str, rows: list[tuple]) -> dict[str, list]:
    """Rows as columns; a value of None is an empty cell."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    return {name: [row[at] for row in cells] for at, name in enumerate(names.split(","))}


def _areas(plan: Plan) -> dict:
    codes = {(s.postal_code, s.latitude, s.longitude) for s in plan.shops}
    return _table(
        "postal_code,latitude,longitude,households,median_income",
        [
            (f"{code + n:05d}", f"{latitude + 0.01 * n:.4f}", f"{longitude - 0.01 * n:.4f}",
             2400 + (code + n) * 37 % 6100, 48_000 + (code + n) * 53 % 71_000)
            for code, latitude, longitude in sorted(codes)
            for n in range(6)
        ],
    )  # fmt: skip


def _calendar(plan: Plan) -> dict:
    """Every closed day of the whole time; the weather of the last months."""
    rng = plan.rng("weather")
    shops, days = len(plan.shops), plan.days
    is_closed = np.diff(plan.footfall, axis=1) == 0
    is_closed &= np.arange(days) >= np.array([shop.opens for shop in plan.shops])[:, None]
    recent = np.broadcast_to(np.arange(days) >= days - WEATHER_DAYS, (shops, days))
    shop, day = np.nonzero(is_closed | recent)
    season = -np.cos(2 * np.pi * (plan.dates - plan.dates.astype("datetime64[Y]")).astype(int) / 365)
    temperature = 11 + 13 * season[day] + rng.normal(0, 3, len(day))
    weather = np.where(temperature < 1, "snow", WEATHER[:5][rng.integers(0, 5, len(day))])
    wet = np.isin(weather.astype(str), ["rain", "snow"])
    shown = recent[shop, day]
    return {
        "date": plan.dates.astype(str).astype(object)[day],
        "location_id": shop_ids(plan)[shop],
        "weather": np.where(shown, weather, ""),
        "temperature_c": np.where(shown, np.char.mod("%.1f", temperature), ""),
        "precipitation_mm": np.where(shown, np.where(wet, np.char.mod("%.1f", rng.gamma(2, 3, len(day))), "0.0"), ""),
        "event": np.where(is_closed[shop, day], "", np.where((day % 90 == 45) & (shop % 4 == 0), "street fair", "")),
        "is_closed": np.where(is_closed[shop, day], "true", "false"),
    }


def _planned_changes(plan: Plan) -> dict:
    rows = [(None, "2026-01-01", "2026-12-31", "prices up 4%", "costs of milk and beans")]
    for shop in plan.shops:
        if shop.opens:
            rows.append((shop.location_id, plan.date(shop.opens), plan.last_day, "opening", "new location"))
        if plan.is_renovated(shop):
            start, end = CLOSED_WEEK
            rows.append((shop.location_id, plan.date(start), plan.date(end - 1), "closed", "new counter"))
    return _table("location_id,starts_on,ends_on,what,reason", rows)


def _expenses(plan: Plan, sales: Sales) -> dict:
    """Rent, wages, and goods at the unit costs of what was sold that month."""
    lines = sales.lines[sales.lines["kind"] != "void"]
    month = plan.dates.astype("datetime64[M]").astype(str).astype(object)
    cost = np.array([item[4] for item in catalogue.MENU])[lines["product"]] * lines["quantity"]
    goods = cost.groupby(
        [sales.orders["shop"].to_numpy()[lines["order"]], month[lines["day"].to_numpy()]], sort=True
    ).sum()
    rows = []
    for (shop, when), cents in goods.items():
        place, first = f"shop_{shop + 1}", f"{when}-01"
        rows += [
            (place, first, "rent", f"{2200 + 90 * (shop % 7)}.00", "0.00"),
            (place, first, "wages", "5200.00", f"{cents / 60:.2f}"),
            (place, first, "goods", "0.00", f"{cents / 100:.2f}"),
        ]
    return _table("location_id,month,category,fixed_amount,variable_amount", rows)


def _product_map(plan: Plan) -> dict:
    """The tills' own product ids, where they are not the franchisor's."""
    tills = {shop.till for shop in plan.shops}
    rows = []
    for at, (product_id, name, *_) in enumerate(catalogue.MENU):
        if "square" in tills:
            rows += [("square", None, own, product_id) for own in (name, f"{name} · Regular")]
        if "toast" in tills:
            rows.append(("toast", None, catalogue.toast_item(at), product_id))
        rows += [
            ("clover", shop.location_id, catalogue.clover_item(shop.number, at), product_id)
            for shop in plan.shops
            if shop.till == "clover"
        ]
    return _table("source,location_id,source_product_id,product_id", rows)


def _bookings(plan: Plan, known: pd.DataFrame) -> dict:
    """A tasting on some Saturdays, by people whose e-mail the shop has."""
    guests = known[known["email"].str.contains("@") & ~known["email"].str.contains("@@")]
    guests = guests[guests["first_day"] < plan.days - 40].iloc[::3]
    number = np.arange(len(guests))
    dates = plan.dates.astype(str).astype(object)
    booked = guests["first_day"].to_numpy() + 5
    status = np.array(["kept", "kept", "kept", "no_show", "cancelled"], dtype=object)[number % 5]
    return {
        "booking_id": [f"B{n + 1:05d}" for n in number],
        "booked_at": dates[booked] + "T" + exporttext.clock(36_000 + number % 3600),
        "for_at": dates[np.minimum(booked + 7 + number % 20, plan.days - 1)] + "T17:00:00",
        "party_size": exporttext.per_value(2 + number % 4, str),
        "amount": exporttext.plain_money(1500 * (2 + number % 4)),
        "status": status,
        "contact": guests["email"],
    }
