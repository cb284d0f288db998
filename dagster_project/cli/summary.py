"""The last lines of a night: what came in, what was set aside, what was found, and where to look next."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.extract.doubts import SEE
from dagster_project.extract.fingerprint import waiting_fingerprint
from dagster_project.home import Home
from dagster_project.identity.events import EVENTS, decided_events
from dagster_project.network import Network
from dagster_project.ops import masked
from dagster_project.publish import complete_record
from dagster_project.seal import read_manifest

_REASONS_SHOWN = 12
_ALL = "ops.files, ops.rejected_rows, ops.unreadable_values and ops.drift"
_SEGMENTS = """
select rfm_segment, count(*) as customers, sum(monetary_amount) as net_amount
from marts.marts.rfm_scores group by 1 order by net_amount desc, 1
"""
_ALERTS = """
select alert_type, count(*) as customers
from marts.marts.churn_alerts where outcome = 'open' group by 1 order by 2 desc, 1
"""
_CALL_FIRST = """
select a.customer_id, a.location_id, a.alert_type, a.silence_days,
    cast(round(a.usual_gap_days) as bigint), a.usual_amount, a.recent_amount
from marts.marts.churn_alerts a
where a.outcome = 'open' and not a.is_holdout and a.alert_type <> 'growing'
order by a.severity desc, a.usual_amount desc nulls last, a.customer_id
limit 5
"""
# Nobody makes a tenth of what a busy shop sells: rather an id that a till writes for everyone it does not know.
_NOBODY = """
with sold as (
    select location_id, count(*) as orders from marts.marts.fct_orders
    where not is_refund_only and not is_void_only group by location_id having count(*) >= 200)
select format(
    '{}: one customer, {}, made {:,} of {:,} orders; if that is nobody, name its id under placeholder_customer_ids',
    sold.location_id, c.customer_id, c.lifetime_orders, sold.orders)
from marts.marts.customer_360 c join sold on c.home_location_id = sold.location_id
where c.lifetime_orders >= 0.1 * sold.orders
order by c.lifetime_orders desc, c.customer_id
"""
_CALL_HEADERS = ("customer_id", "home", "why", "days away", "usual gap", "usual", "recently")
_FEEDS = """
select coalesce(feed, '(set aside)'), count(*), sum(rows_read), sum(rows_landed), sum(rows_duplicate),
    sum(rows_rejected)
from files where status <> 'deleted' group by feed order by feed nulls last
"""
# Since the last run that was published: a refused one was not told here.
_DELETED = """
select files.reason from files join runs on files.gone_in = runs.run_id
where files.status = 'deleted' and runs.started_at > (
    select coalesce(max(started_at), timestamp '1970-01-01') from runs
    where status in ('published', 'rolled_back')
        and run_id <> (select arg_max(run_id, (started_at, run_id)) from runs))
order by files.path
"""
# Reasons that differ by the files and numbers they name are one kind, told once of each source and feed.
_FILES = """
select case when count(*) = 1 then min(reason)
    else format('{{:,}} files{{}}, such as {{}}', count(*),
        coalesce(' of ' || source || coalesce(' ' || feed, ''), ''), min(reason))
    end
from (
    select reason, path, source, feed,
        regexp_replace(split_part(replace(reason, path, ''), '{see}', 1), '[0-9,]+', '', 'g') as kind
    from files where {which})
group by source, feed, kind order by min(path)
"""
_SET_ASIDE = _FILES.format(see=SEE, which="status = 'rejected'")
_DOUBTS = _FILES.format(see=SEE, which="status = 'landed' and reason is not null")
_NOTED = """
select format('{{:,}} x {{}}{{}}: {{}}: {{}}', count(*),
    case when count(distinct file) > 1 then format('in {{:,}} files, such as ', count(distinct file)) else '' end,
    min(file), coalesce("column", 'row'), reason)
from {table} where reason not like 'skipped: %'
group by "column", reason order by count(*) desc, min(file), "column", reason
"""
_SKIPPED = """
select format('{:,} x {}', count(*), substr(reason, 10))
from rejected_rows where reason like 'skipped: %' group by reason order by count(*) desc, reason
"""
_DRIFT = """
select format('{} {}: {} in {:,} files, such as {}{}', source, change, column_name, count(*), min(path), lost)
from (select *, case when change = 'gone' and detail <> '' then ': ' || detail else '' end as lost from drift)
group by source, change, column_name, lost order by lost desc, count(*) desc, source, change, column_name
"""
_BEHIND = """
select format('{}: nothing after {}, {:,} days behind', location_id, data_through_date, as_of_date - data_through_date)
from marts.marts.dim_locations
where data_through_date < as_of_date and coalesce(closed_on > data_through_date, true)
order by data_through_date, location_id
"""
# In the marts no location has data after the night's day.
_AHEAD = """
select format(
    '{:,} locations have sent days after {}, up to {}: these rows wait until the locations of most sales have the day',
    count(*), $as_of, max(data_through_date))
from read_parquet($arrival) where data_through_date > $as_of having count(*) > 0
"""


def nothing_new(network: Network) -> str | None:
    """A line when what is published was made from just what lies there now; None when there is work.

    A night killed between the swap and its record is told to ops here: no other run may come to do so.
    """
    run = network.home.published_run()
    if run is None or read_manifest(network.home.snapshots / run)["input_fingerprint"] != waiting_fingerprint(network):
        return None
    complete_record(network.home)
    return f"Nothing new came in since run {run}; what is published stands."


def print_arrivals(network: Network, is_new: bool = True) -> Console:
    """Tables of what came in with the last run, and what became of it; the console for what follows."""
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, 100)
    with duckdb.connect(str(network.home.ops), read_only=True) as ops:
        _print_rows(console, "What came in", ("feed", "files", "read", "landed", "duplicate", "rejected"), ops, _FEEDS)
        for title, lines in what_happened(ops, is_new).items():
            _print_list(console, title, lines)
    return console


def print_summary(network: Network, message: str | None) -> None:
    """Tables of the published run; `message` first, when there was nothing to do."""
    console = print_arrivals(network, message is None)
    home = network.home
    run = home.published_run()
    manifest = read_manifest(home.snapshots / run)
    if message is None:
        _print_list(console, "What stewards decided", decided_events(home.state / run, _state_before(home, manifest)))
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as marts:
        arrived = {"arrival": str(home.arrival), "as_of": date.fromisoformat(manifest["as_of_date"])}
        late = [row[0] for row in (*marts.execute(_BEHIND).fetchall(), *marts.execute(_AHEAD, arrived).fetchall())]
        _print_list(console, "Who has delivered", late)
        _print_rows(console, "The regulars", ("segment", "customers", "net amount"), marts, _SEGMENTS)
        _print_rows(console, "Who is slipping away", ("open alerts", "customers"), marts, _ALERTS)
        _print_list(console, "Who may be nobody", [row[0] for row in marts.execute(_NOBODY).fetchall()])
        _print_rows(console, "Call first", _CALL_HEADERS, marts, _CALL_FIRST)
    as_of = manifest["as_of_date"]
    console.print(f"\nWhere to look next: duckdb {home.published / 'marts.duckdb'}  (select * from customer_360)")
    console.print(f"At a glance: {home.published / 'report' / 'index.html'}")
    console.print(f"What happened: {home.ops}   Audiences: {home.published / 'restricted' / 'audiences'}")
    console.print(message or f"Done: run {run} is published, as of {as_of}.")


def what_happened(ops: duckdb.DuckDBPyConnection, is_new: bool = True) -> dict[str, list[str]]:
    """Title -> lines of what was set aside, is gone (told by the run that is new), was rejected, skipped or changed."""
    queries = {
        "Files set aside": _SET_ASIDE,
        "Files in doubt": _DOUBTS,
        "Files gone": _DELETED,
        "Rows rejected": _NOTED.format(table="rejected_rows"),
        "Values that could not be read: their rows landed without them": _NOTED.format(table="unreadable_values"),
        "Rows skipped, as their contracts say": _SKIPPED,
        "Columns that changed": _DRIFT,
    }
    asked = {title: query for title, query in queries.items() if is_new or title != "Files gone"}
    return {title: [row[0] for row in ops.execute(query).fetchall()] for title, query in asked.items()}


def _state_before(home: Home, manifest: dict) -> Path | None:
    """The state of the run before, where it is kept: without it, every event so far is news."""
    before = home.state / manifest["previous_run"] if manifest["previous_run"] else None
    return before if before and (before / EVENTS).is_file() else None


def _print_rows(console: Console, title: str, headers: tuple[str, ...], connection, query: str) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, header in enumerate(headers):
        table.add_column(header, justify="left" if number == 0 else "right", no_wrap=True)
    for row in connection.execute(query).fetchall():
        table.add_row(*(_cell(value) for value in row))
    console.print()
    console.print(table)


def _cell(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | Decimal) else "" if value is None else str(value)


def _print_list(console: Console, title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"\n[bold]{title}[/bold]")
    for line in lines[:_REASONS_SHOWN]:
        console.print(f"  {masked(line)}", markup=False)
    if len(lines) > _REASONS_SHOWN:
        console.print(f"  ... and {len(lines) - _REASONS_SHOWN} more; see {_ALL}")
