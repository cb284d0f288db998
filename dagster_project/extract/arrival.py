"""Who has delivered through when, and which day the network's night is about.

A location's data_through_date is its newest business day; in an export that holds several locations,
the newest day of that export counts for every location such exports have mentioned, since a day
without sales there is no missing data.
"""

import json
import os
from datetime import date, datetime
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.errors import RegularsError
from dagster_project.extract.ledger import Entry
from dagster_project.extract.listing import HEADQUARTERS
from dagster_project.home import Home
from dagster_project.network import Network

SALES_SHARE = 0.80
WINDOW_DAYS = 28
_SALES_FEEDS = ("order_lines", "orders")


def note_arrival(network: Network, entries: list[Entry]) -> date:
    """Write `lake/arrival.parquet` and return the as-of date of this run.

    Raises RegularsError when nothing has landed that carries a date.
    """
    home = network.home
    sales = _daily_sales(home, entries)
    through = _data_through(home, sales, entries)
    as_of = network.as_of_date
    if as_of == "latest":
        as_of = latest_as_of(sales, through)
        as_of = as_of and min(as_of, _newest_delivery(network, entries))
    if as_of is None:
        raise RegularsError(
            f"{network.landing}: nothing has landed that carries a business date; put exports into <location_id>/ "
            "or hq/, and see ops.files for what was set aside and why"
        )
    listed = sorted({i for e in entries if e.is_current for i in _mentioned(e)} | _listed(home, entries) | set(through))
    table = pa.table(
        {"location_id": listed, "data_through_date": [through.get(i) for i in listed]},
        schema=pa.schema([("location_id", pa.string()), ("data_through_date", pa.date32())]),
    )
    beside = home.arrival.with_suffix(".new")
    pq.write_table(table, beside)
    os.replace(beside, home.arrival)
    return as_of


def latest_as_of(sales: pd.DataFrame, through: dict[str, date]) -> date | None:
    """The newest day D such that the locations that made 80% of the sales of D and the 27 days before have data
    through D.

    sales: location_id, business_date, sales, one row per location and day; through: location -> date.
    """
    if sales.empty:
        return None
    daily = sales.pivot_table(index="business_date", columns="location_id", values="sales", aggfunc="sum")
    days = pd.date_range(daily.index.min(), daily.index.max())
    recent = (
        daily.set_axis(pd.to_datetime(daily.index)).reindex(days).fillna(0.0).rolling(WINDOW_DAYS, min_periods=1).sum()
    )
    ends = pd.Series({location: pd.Timestamp(through[location]) for location in recent.columns})
    for day in reversed(days):
        window = recent.loc[day].clip(lower=0)
        if window[ends >= day].sum() >= SALES_SHARE * window.sum():
            return day.date()
    return None


def _newest_delivery(network: Network, entries: list[Entry]) -> date:
    """The day the newest file came, where the network is: no night is about a day after it."""
    newest = max(entry.modified_ns for entry in entries if entry.is_current)
    return datetime.fromtimestamp(newest / 1e9, ZoneInfo(network.network.timezone)).date()


def _daily_sales(home: Home, entries: list[Entry]) -> pd.DataFrame:
    """location_id, business_date, sales: money taken a day, by lines where there are any, else by receipts."""
    frames = []
    for feed in _SALES_FEEDS:
        paths = [str(home.landed(feed) / f"{e.file_key}.parquet") for e in entries if e.is_current and e.feed == feed]
        if paths:
            frames.append(
                duckdb.execute(
                    """select location_id, business_date,
                           cast(sum(greatest(coalesce(net_amount, 0), 0)) as double) as sales
                       from read_parquet($paths) l anti join read_parquet($superseded) s using (file_key, row_number)
                       group by all order by all""",
                    {"paths": paths, "superseded": str(home.superseded)},
                ).df()
            )
    if not frames:
        return pd.DataFrame(columns=["location_id", "business_date", "sales"])
    return pd.concat(frames).groupby(["location_id", "business_date"], as_index=False)["sales"].max()


def _data_through(home: Home, sales: pd.DataFrame, entries: list[Entry]) -> dict[str, date]:
    own = {i: pd.Timestamp(d).date() for i, d in sales.groupby("location_id")["business_date"].max().items()}
    through = dict(own)
    for locations, newest in _shared_exports(home, entries):
        through |= {i: max(own[i], newest) for i in locations if i in own}
    return through


def _shared_exports(home: Home, entries: list[Entry]) -> list[tuple[set[str], date]]:
    """Per source that delivers several locations at once: the locations it has mentioned, and its newest day."""
    shared: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.is_current and entry.location_id == HEADQUARTERS and entry.feed in _SALES_FEEDS:
            shared.setdefault(entry.source or "", []).append(entry)
    exports = []
    for source in sorted(shared):
        paths = [str(home.landed(e.feed or "") / f"{e.file_key}.parquet") for e in shared[source]]
        newest = duckdb.execute(
            "select max(business_date) from read_parquet(?, union_by_name = true)", [paths]
        ).fetchall()
        if newest[0][0] is not None:
            exports.append((set().union(*(_mentioned(e) for e in shared[source])), newest[0][0]))
    return exports


def _mentioned(entry: Entry) -> set[str]:
    return {attributes[0] for attributes in json.loads(entry.locations) if len(attributes) > 1}


def _listed(home: Home, entries: list[Entry]) -> set[str]:
    paths = [
        str(home.landed("locations") / f"{e.file_key}.parquet")
        for e in entries
        if e.is_current and e.feed == "locations"
    ]
    if not paths:
        return set()
    return {row[0] for row in duckdb.execute("select distinct location_id from read_parquet(?)", [paths]).fetchall()}
