"""One night of the demo network: what is published, what is told, and what must not be found anywhere."""

import json
import re
import stat

import duckdb
import pytest

from dagster_project.cli.summary import nothing_new


def test_every_row_is_accounted_for(demo) -> None:
    wrong = demo.ops("select path from files where rows_read <> rows_landed + rows_duplicate + rows_rejected")
    assert wrong == []
    assert demo.ops("select count(*) from rejected_rows")[0] == demo.ops("select sum(rows_rejected) from files")[0]


def test_each_planted_mess_is_set_aside_with_its_reason(demo) -> None:
    reasons = " ".join(reason for (reason,) in demo.ops("select reason from files where status = 'rejected'"))
    for told in ("is empty", "no text file", "no source contract", "cannot be decompressed"):
        assert told in reasons, told
    rejected = {reason for (reason,) in demo.ops("select distinct reason from rejected_rows")}
    assert any("later than the file's delivery" in reason for reason in rejected)
    assert any("unknown location" in reason for reason in rejected)
    assert "empty, but required" in rejected


def test_marts_are_filled_and_agree(demo) -> None:
    customers, identified = demo.query(
        """select (select count(*) from dim_customers),
                  (select count(distinct customer_id) from customer_identities where valid_to is null)"""
    )[0]
    assert customers == identified > 100
    assert demo.query("select count(*) from churn_alerts where outcome = 'open'")[0][0] > 0
    sold, orders = demo.query(
        """select (select sum(net_amount) from fct_order_lines where kind = 'sale'),
                  (select sum(net_amount + refund_amount) from fct_orders where not is_refund_only)"""
    )[0]
    assert sold == orders


@pytest.mark.parametrize("till", ["toast", "clover", "shopify"])
def test_orders_of_tills_that_tell_refunds_on_payments_are_as_the_truth_has_them(demo, till) -> None:
    """Refunds, voids and split tenders; the share of a refund that is net comes to the truth's within a cent."""
    truth = demo.network.file.parent / "truth" / "orders.parquet"
    as_of = demo.query("select max(as_of_date) from fct_orders")[0][0]
    place, orders, told, back, known = demo.query(
        f"""select any_value(location_id), count(*), sum(net_amount), sum(refund_amount), count(customer_id)
            from fct_orders where source = '{till}' and gross_amount > 0"""
    )[0]
    expected = duckdb.execute(
        """select count(*), sum(sold_cents + refunded_cents) / 100, -sum(refunded_cents) / 100,
                  count(*) filter (is_captured)
           from read_parquet(?) where location_id = ? and business_date <= ? and sold_cents > 0""",
        [str(truth), place, as_of],
    ).fetchall()[0]
    assert (orders, known) == (expected[0], expected[3])
    assert float(back) > 0
    assert (float(told), float(back)) == pytest.approx(expected[1:3], abs=0.10)


def test_unqualified_and_fully_qualified_names_both_work(demo) -> None:
    assert demo.query("select count(*) from customer_360") == demo.query(
        "select count(*) from marts.marts.customer_360"
    )


def test_restricted_is_closed_to_others(demo) -> None:
    restricted = demo.network.home.published / "restricted"
    assert stat.S_IMODE(restricted.stat().st_mode) == 0o700
    for path in restricted.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_audience_file_is_what_the_snapshot_says(demo) -> None:
    home = demo.network.home
    drop = home.published / "restricted" / "audiences" / "email_drop"
    rows = duckdb.execute(
        "select count(*), count(distinct email) from read_parquet(?)", [str(drop / "email_profiles.parquet")]
    )
    count, distinct = rows.fetchall()[0]
    assert count == distinct > 0
    assert json.loads((drop / "manifest.json").read_text())["rows"] == count


def test_a_second_night_has_nothing_new(demo) -> None:
    assert "Nothing new came in" in nothing_new(demo.network)


@pytest.fixture(scope="module")
def personal(demo) -> set[str]:
    """Every e-mail, phone and full name in the demo's clean data and as its exports wrote them."""
    clean = demo.network.home.lake / "clean"
    found: set[str] = set()
    for feed, columns in {
        "customers": [
            "email",
            "clean_email",
            "phone",
            "clean_phone",
            "full_name",
            "first_name || ' ' || last_name",
            "address",
        ],
        "order_lines": ["customer_email", "clean_email", "customer_phone", "clean_phone", "customer_name"],
        "signups": ["email", "clean_email", "phone", "clean_phone", "full_name", "first_name || ' ' || last_name"],
        "consents": ["contact"],
    }.items():
        for column in columns:
            query = f"select distinct {column} from read_parquet('{clean}/{feed}/*.parquet') where {column} is not null"
            found |= {value.strip() for (value,) in duckdb.execute(query).fetchall()}
    # Shorter ones stand in numbers and words by chance.
    return {value for value in found if len(value) >= 7}


def held_in(text: str, personal: set[str]) -> list[str]:
    words = set(re.findall(r"[\w.+@'-]+", text))
    return sorted(v for v in personal if (v in words if re.fullmatch(r"[\w.+@'-]+", v) else v in text))


def database_text(path) -> str:
    """Every row of every table of a DuckDB file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            """select format('"{}"."{}"."{}"', table_catalog, table_schema, table_name)
               from information_schema.tables where table_type = 'BASE TABLE'"""
        ).fetchall()
        return "\n".join(str(connection.execute(f"select * from {table}").fetchall()) for (table,) in tables)


def test_no_personal_data_outside_restricted(demo, personal) -> None:
    home = demo.network.home
    assert len(personal) > 500
    places = {
        "marts.duckdb": database_text(home.published / "marts.duckdb"),
        "ops.duckdb": database_text(home.ops),
        "manifest": (home.published / "manifest.json").read_text(),
        "Dagster's books": demo.events(),
    }
    places |= {
        p.name: str(duckdb.execute("from read_parquet(?)", [str(p)]).fetchall())
        for p in (home.published / "parquet").glob("*")
    }
    for place, text in places.items():
        assert held_in(text, personal) == [], place
    # The same search finds them where they belong.
    assert held_in(database_text(home.published / "restricted" / "people.duckdb"), personal)
