"""Destinations of type file: two formats, the comparison with what was delivered, and which columns may leave."""

import csv
import json
import stat
from typing import get_args

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.network import Destination
from dagster_project.publish.destinations import FILES, TOOLS
from dagster_project.publish.destinations.file import compare, deliver
from dagster_project.publish.guards import Difference
from dagster_project.publish.payload import Profiles, opted_in_columns
from dagster_project.seal import AUDIENCES


def profiles(*rows, rejected=()) -> Profiles:
    """rows: (email, first_name, visits, row_hash)."""
    columns = ("email", "first_name", "visits", "row_hash")
    connection = duckdb.connect()
    connection.execute("create table payload (email varchar, first_name varchar, visits integer, row_hash varchar)")
    connection.executemany("insert into payload values (?, ?, ?, ?)", rows)
    return Profiles(connection, columns, len(rows), rejected)


def read_csv(folder) -> list[dict]:
    with (folder / "email_profiles.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_formula_is_neutralised_for_people_and_kept_for_machines(tmp_path, start):
    cell = start + "cmd|' /C calc'!A0"
    deliver(tmp_path, "drop", profiles(("a@x.org", cell, -3, "h"), ("b@x.org", "Ada=", 1, "h")))

    folder = tmp_path / AUDIENCES / "drop"
    assert [(row["first_name"], row["visits"]) for row in read_csv(folder)] == [("'" + cell, "-3"), ("Ada=", "1")]
    with duckdb.connect() as connection:
        kept = connection.execute("select first_name from read_parquet(?)", [str(folder / "email_profiles.parquet")])
        assert kept.fetchall() == [(cell,), ("Ada=",)]


def test_delivered_files_are_closed_to_others(tmp_path):
    deliver(tmp_path, "drop", profiles(("a@x.org", "Ada", 1, "h")))
    folder = tmp_path / AUDIENCES / "drop"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_delivery_is_never_written_again(tmp_path):
    deliver(tmp_path, "drop", profiles(("a@x.org", "Ada", 1, "h")))
    file = tmp_path / AUDIENCES / "drop" / "email_profiles.csv"
    before = file.stat().st_mtime_ns
    deliver(tmp_path, "drop", profiles(("a@x.org", "Ada", 1, "h")))
    assert file.stat().st_mtime_ns == before

    file.write_text("touched")
    with pytest.raises(PublishError, match="not what its manifest says"):
        deliver(tmp_path, "drop", profiles(("a@x.org", "Ada", 1, "h")))


def test_nothing_delivered_before_is_nothing_to_compare(tmp_path):
    offered = profiles(("a@x.org", "Ada", 1, "h"), rejected=(("hash", "code"),))
    assert compare(None, "drop", offered)["email_profiles"] == Difference(offered=1, rejected=1, acknowledged=None)
    assert compare(tmp_path, "drop", offered)["email_profiles"] == Difference(offered=1, rejected=1, acknowledged=None)


def test_the_comparison_counts_what_is_gone_and_what_differs(tmp_path):
    deliver(
        tmp_path,
        "drop",
        profiles(("a@x.org", "Ada", 1, "h1"), ("b@x.org", "Bo", 1, "h2"), ("c@x.org", None, 1, "h3")),
    )
    # a is gone, b visits more, c is the same under another hash, d is new.
    offered = profiles(("b@x.org", "Bo", 2, "h9"), ("c@x.org", None, 1, "h9"), ("d@x.org", "Di", 1, "h4"))
    assert compare(tmp_path, "drop", offered)["email_profiles"] == Difference(
        offered=3, rejected=0, acknowledged=3, removed=1, changed=1
    )


def manifest_of(**columns) -> dict:
    described = {name: {"name": name, "config": {"meta": meta}} for name, meta in columns.items()}
    return {"nodes": {"m": {"resource_type": "model", "name": "sync_email_profiles", "columns": described}}}


def test_only_columns_that_opted_in_leave():
    manifest = manifest_of(email={"publish": True}, first_name={"publish": True}, p_alive={}, visits={"publish": False})
    assert opted_in_columns(manifest) == ("email", "first_name")


@pytest.mark.parametrize("column", ["email_consent", "subscribed", "status_if_new", "opt_in", "suppression_reason"])
def test_a_column_about_consent_cannot_opt_in(column):
    with pytest.raises(PublishError, match=f"{column} is consent, which never leaves"):
        opted_in_columns(manifest_of(**{"email": {"publish": True}, column: {"publish": True}}))


def test_without_an_address_or_a_model_nothing_is_sent():
    with pytest.raises(PublishError, match="column email is not marked"):
        opted_in_columns(manifest_of(customer_id={"publish": True}))
    with pytest.raises(PublishError, match="no model sync_email_profiles"):
        opted_in_columns(json.loads('{"nodes": {}}'))


def test_every_type_that_network_yaml_allows_has_a_destination():
    assert set(get_args(Destination.model_fields["type"].annotation)) == {*FILES, *TOOLS}
