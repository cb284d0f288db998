"""A night in miniature, written with DuckDB alone: a project with two dbt tests, and candidates small enough to read.

Customer c001 has one order of two lines (5.00 + 2.50) at location l1 and the address c001@example.com; and so on.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.home import Home
from dagster_project.network import Network
from dagster_project.publish import publish
from dagster_project.seal import (
    AUDIENCES,
    DBT_VERDICT,
    VERDICT,
    file_sha256,
    hash_files,
    required_checks,
    write_json,
)
from dagster_project.validate import judge, seal
from dagster_project.validate.finish import close_to_others, mart_rows

REAL_SUITES = Path(__file__).parents[3] / "expectations"
TESTS = ("test.regulars.unique_dim_customers", "test.regulars.not_null_fct_orders")
FILES = ("marts.duckdb", "restricted/people.duckdb")
# Spoils the marts of a candidate so that the suite of fct_orders refuses it.
NULL_KEY = "update marts.marts.fct_orders set order_key = null where order_key = 'o001';"
PUBLISHED_COLUMNS = ("email", "customer_id", "first_name", "favourite", "lifetime_amount")

MARTS = """
create table marts.marts.dim_locations as
    select 'l1' as location_id, date '2026-10-31' as data_through_date, date '2026-10-31' as as_of_date;
create table marts.marts.dim_customers as
    select format('c{:03d}', i) as customer_id, false as is_prospect, 'person' as account_kind,
           'valid' as email_status, 'missing' as phone_status, 'missing' as address_status,
           true as is_email_marketable, false as is_sms_marketable, 0.4 as completeness_score,
           date '2026-10-31' as as_of_date
    from range(1, $n + 1) as t(i);
create table marts.marts.customer_identities as
    select format('r{:03d}', i) as record_key, 'till' as source, 'l1' as location_id,
           format('s{:03d}', i) as source_record_id, format('c{:03d}', i) as customer_id, 'email' as match_rule,
           1.0::double as match_probability, date '2026-01-01' as valid_from, null::date as valid_to,
           date '2026-10-31' as as_of_date
    from range(1, $n + 1) as t(i);
create table marts.marts.fct_orders as
    select format('o{:03d}', i) as order_key, 'l1' as location_id, format('c{:03d}', i) as customer_id,
           timestamp '2026-10-30 15:00:00' as ordered_at, date '2026-10-30' as business_date,
           7.50::decimal(18,4) as net_amount, 8.00::decimal(18,4) as gross_amount,
           0.50::decimal(18,4) as discount_amount, 0::decimal(18,4) as refund_amount,
           false as is_void_only, false as is_refund_only,
           date '2026-10-31' as as_of_date
    from range(1, $n + 1) as t(i);
create table marts.marts.fct_order_lines as
    select format('o{:03d}-{}', i, j) as order_line_key, format('o{:03d}', i) as order_key, 'l1' as location_id,
           'sale' as kind, date '2026-10-30' as business_date, 'Flat White' as product_name,
           case j when 1 then 5.00 else 2.50 end::decimal(18,4) as net_amount, 0.25::decimal(18,4) as discount_amount,
           null::varchar as refunded_order_key, date '2026-10-31' as as_of_date
    from range(1, $n + 1) as t(i), range(1, 3) as u(j);
"""
PEOPLE = """
create schema people.sync;
create table people.people.contact_points as
    select format('c{:03d}', i) as customer_id, 'email' as kind, format('c{:03d}@example.com', i) as value,
           'granted' as consent_state
    from range(1, $n + 1) as t(i);
create table people.sync.sync_email_profiles as
    select format('c{:03d}@example.com', i) as email, format('c{:03d}', i) as customer_id, 'Ada' as first_name,
           'Flat White' as favourite, 7.50::decimal(18,4) as lifetime_amount,
           md5(format('{}', i)) as row_hash, 'kept at home' as kept_home
    from range(1, $n + 1) as t(i);
"""


@dataclass(frozen=True)
class Night:
    """Where one test's network lives."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def home(self) -> Home:
        return Home(self.root / "home")

    def network(self, **publish: float) -> Network:
        return Network(file=self.root / "network.yaml", publish=publish)


def make_project(night: Night, suites: tuple[str, ...] = ()) -> None:
    """A dbt manifest of two tests and the payload model; the named real suites, or one small suite of no mart."""
    columns = {
        name: {"name": name, "config": {"meta": {"publish": True} if name in PUBLISHED_COLUMNS else {}}}
        for name in (*PUBLISHED_COLUMNS, "row_hash", "kept_home")
    }
    nodes = {test: {"resource_type": "test", "name": test} for test in TESTS}
    nodes["model.regulars.sync_email_profiles"] = {
        "resource_type": "model",
        "name": "sync_email_profiles",
        "columns": columns,
        "depends_on": {"nodes": []},
    }
    target = night.project / "dbt_models" / "target"
    target.mkdir(parents=True)
    manifest = {"nodes": nodes, "sources": {}, "unit_tests": {"unit_test.x": {}}}
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    folder = night.project / "expectations"
    folder.mkdir()
    for suite in suites:
        shutil.copyfile(REAL_SUITES / f"{suite}.json", folder / f"{suite}.json")
    if not suites:
        write_json(folder / "dim_customers.json", {"mart": "dim_customers", "expectations": [{"name": "key_is_given"}]})


def make_candidate(night: Night, run_id: str, customers: int = 4, marts: str = "", people: str = "") -> None:
    """A candidate as the dbt step leaves it; `marts` and `people` are SQL that spoils it before dbt's verdict."""
    home = night.home
    if home.candidate.exists():
        shutil.rmtree(home.candidate)
    (home.candidate / "restricted").mkdir(parents=True)
    home.candidate_state.mkdir()
    home.lake.mkdir(exist_ok=True)
    for file, schema, sql in (
        (home.candidate_marts, "marts.marts", MARTS + marts),
        (home.candidate_people, "people.people", PEOPLE + people),
    ):
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"create schema {schema}")
            connection.execute(sql.replace("$n", str(customers)))
    with duckdb.connect() as connection:
        connection.execute(f"copy (select '{run_id}' as run) to '{home.candidate_state / 'registry.parquet'}'")
        connection.execute(
            f"""copy (select '{run_id}' as run_id, date '2026-10-31' as as_of_date)
                to '{home.parameters}' (format parquet)"""
        )
        connection.execute(
            f"""copy (select 'l1/a.csv' as path, 'key' as file_key, 'order_lines' as feed, 'landed' as status,
                             10 as rows_read, 8 as rows_landed, 1 as rows_duplicate, 1 as rows_rejected)
                to '{home.ledger}' (format parquet)"""
        )
    results = [
        {"unique_id": test, "name": test, "resource_type": "test", "asset": "", "status": "pass", "message": None}
        for test in TESTS
    ]
    hashes = {name: file_sha256(home.candidate / name) for name in FILES}
    write_json(home.candidate / DBT_VERDICT, {"run_id": run_id, "results": results, "files": hashes})


def pass_all_checks(night: Night, run_id: str) -> None:
    """The verdict that judging writes when nothing is wrong; for tests that are not about judging."""
    home = night.home
    close_to_others(home.candidate)
    checks = [
        {"kind": kind, "name": name, "asset": "", "passed": True, "detail": ""}
        for kind, name in sorted(required_checks(night.project))
    ]
    verdict = {
        "run_id": run_id,
        "as_of_date": "2026-10-31",
        "checks": checks,
        "files": hash_files(home.candidate),
        "rows": mart_rows(home.candidate_marts),
        "passed": True,
    }
    write_json(home.candidate / VERDICT, verdict)


def read_verdict(night: Night) -> dict:
    return json.loads((night.home.candidate / VERDICT).read_text(encoding="utf-8"))


def run_statuses(night: Night) -> list[tuple[str, str]]:
    with duckdb.connect(str(night.home.ops), read_only=True) as connection:
        return connection.execute("select run_id, status from runs order by started_at").fetchall()


def sealed(night: Night, run_id: str, **candidate) -> None:
    make_candidate(night, run_id, **candidate)
    pass_all_checks(night, run_id)
    seal(night.home, run_id, "inputs", night.project)


def judged_and_sealed(night: Night, run_id: str, **candidate) -> None:
    """As `sealed`, but by the verdict of the night's own suites."""
    make_candidate(night, run_id, **candidate)
    judge(night.home, run_id, night.project)
    seal(night.home, run_id, "inputs", night.project)


def published(night: Night, run_id: str, **candidate) -> None:
    sealed(night, run_id, **candidate)
    publish(night.home, night.network(), night.project)


def state_folders(night: Night) -> list[str]:
    """State of runs; what e-mail tools acknowledged (sync) is no run's."""
    return sorted(path.name for path in night.home.state.iterdir() if path != night.home.sync)


def delivered(night: Night) -> Path:
    return night.home.published.resolve() / AUDIENCES / "email_drop"


def audience(night: Night) -> list[str]:
    """Addresses in what the file destination received."""
    with duckdb.connect() as connection:
        file = str(delivered(night) / "email_profiles.parquet")
        return [email for (email,) in connection.execute("select email from read_parquet(?)", [file]).fetchall()]
