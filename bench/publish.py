"""What publishing costs before anything is sent: profiles compared with what a tool acknowledged, and the outbox.

Two nights of as many profiles as a network of that size has customers, ten for a hundred lines; one in a hundred
changes between them. The first night finds an empty ledger; its outbox is taken as acknowledged, as a tool would.
"""

import json
import shutil
import sys
from datetime import date
from pathlib import Path

import duckdb

from bench import Row
from bench.network import SIZES
from bench.processes import run_module
from dagster_project.home import Home
from dagster_project.network_sections import ContactSection
from dagster_project.outbound import EVERYONE, Destination
from dagster_project.publish.contacts import allow_members, read_budgets
from dagster_project.publish.difference import Wish, attributes_of, compare, fill_outbox, want
from dagster_project.publish.ledger import open_ledger
from dagster_project.publish.payload import read_profiles
from dagster_project.publish.working import working_connection

KEY = b"a key for the bench"
DAY = date(2026, 10, 31)
COLUMNS = ("email", "customer_id", "first_name", "last_name", "home_location_id", "rfm_segment", "recency_band")
LISTS = {EVERYONE: "EVERY1", "champions": "CHAMP1"}


def measure(size: str, folder: Path) -> list[Row]:
    """CPU and memory of a night whose profiles hardly changed, and of the first; 1M profiles at size 10M.

    `folder` is emptied first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    profiles = SIZES[size] // 10
    rows = []
    for night, what in ((1, "the first night, all of them new"), (2, "a night, one in a hundred changed")):
        _write_night(folder, night, profiles)
        cost = run_module("bench.publish", str(folder), str(night), str(profiles))
        goal = "< 20 at 10M" if night == 2 else ""
        rows.append(Row(f"publish: {profiles:,} profiles compared: {what}", cost["cpu"], "CPU s", goal))
        rows.append(Row(f"publish: peak memory of {what.partition(',')[0]}", cost["peak_mib"], "MiB", "<= 1536 at 10M"))
    return rows


def compare_night(folder: Path, night: int, profiles: int) -> dict[str, int]:
    """What one night would send: action -> records. Raises AssertionError when that is not what was written."""
    home = Home(folder / "home")
    wish = Wish(Destination(name="mail", type="klaviyo", key_env="KEY", lists=LISTS), tuple(sorted(LISTS)), ())
    with working_connection(home, KEY) as connection:
        found = read_profiles(connection, folder / f"night_{night}", folder)
        wish = Wish(wish.destination, wish.audiences, attributes_of(found))
        read_budgets(connection, folder / f"night_{night}")
        allow_members(connection, [wish], {}, ContactSection(holdout_share=0.0), KEY, DAY, found.columns)
        with open_ledger(connection, home, "mail") as ledger:
            want(found, wish)
            compare(found, wish)
            sent = fill_outbox(found, wish)
            total = sum(sent.values())
            if night == 1:
                ledger.done(1, total, {})
                ledger.fold()
    expected = (
        {"upsert": profiles, "add": profiles + (profiles + 9) // 10} if night == 1 else {"upsert": profiles // 100}
    )
    assert sent == expected, (sent, expected)
    return sent


def _write_night(folder: Path, night: int, profiles: int) -> None:
    """night_<n>/restricted/people.duckdb with schema sync, and the dbt manifest that says which columns leave."""
    restricted = folder / f"night_{night}" / "restricted"
    restricted.mkdir(parents=True, exist_ok=True)
    file = restricted / "people.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(restricted.parent / "marts.duckdb")) as connection:
        connection.execute("create schema if not exists marts")
    first_name = f"case when i % 100 = 0 then 'N{night}' else 'Ada' end"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema sync")
        connection.execute(
            f"""create table sync.sync_email_profiles as
                select 'c' || i || '@example.com' as email, 'c' || i as customer_id, {first_name} as first_name,
                    'Adler' as last_name, 'shop_' || i % 50 as home_location_id, 'loyal' as rfm_segment,
                    '0_30_days' as recency_band
                from range({profiles}) as r(i)"""
        )
        connection.execute(
            """create table sync.sync_email_audiences as
               select 'champions' as audience, customer_id, email from sync.sync_email_profiles
               where cast(substr(customer_id, 2) as bigint) % 10 = 0"""
        )
    target = folder / "dbt_models" / "target"
    target.mkdir(parents=True, exist_ok=True)
    columns = {name: {"name": name, "config": {"meta": {"publish": True}}} for name in COLUMNS}
    model = {"resource_type": "model", "name": "sync_email_profiles", "columns": columns}
    (target / "manifest.json").write_text(json.dumps({"nodes": {"model.bench.sync_email_profiles": model}}))


if __name__ == "__main__":
    compare_night(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
