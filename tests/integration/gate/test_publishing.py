"""Publishing without Great Expectations: what is next, what leaves and what is kept."""

import csv
import json

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from dagster_project.seal import AUDIENCES, file_sha256, read_dbt_manifest
from tests.integration.gate.tiny_night import (
    PUBLISHED_COLUMNS,
    audience,
    delivered,
    published,
    run_statuses,
    sealed,
    state_folders,
)

SUITES = ()


def test_before_the_first_seal_there_is_nothing_to_do(night):
    result = publish(night.home, night.network(), night.project)
    assert (result.published_run, result.message) == (
        None,
        "nothing to publish: no run has been sealed; nothing was sent or replaced",
    )
    assert not night.home.published.is_symlink()


def test_the_newest_sealed_run_is_published_and_delivered(night):
    sealed(night, "r1")
    sealed(night, "r2")

    result = publish(night.home, night.network(), night.project)

    assert (result.published_run, result.replaced) == ("r2", None)
    assert [(d.destination, d.rows_sent, d.rows_removed) for d in result.deliveries] == [("email_drop", 4, 0)]
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        columns = "run_id, destination, payload, rows_sent, rows_removed, status, reason"
        assert ops.execute(f"select {columns} from sync_runs").fetchall() == [
            ("r2", "email_drop", "email_profiles", 4, 0, "delivered", None)
        ]


def test_only_opted_in_columns_leave_with_a_manifest(night):
    published(night, "r1")
    manifest = json.loads((delivered(night) / "manifest.json").read_text())
    assert manifest == {
        "run_id": "r1",
        "destination": "email_drop",
        "payload": "email_profiles",
        "rows": 4,
        "files": {
            name: file_sha256(delivered(night) / name) for name in ("email_profiles.csv", "email_profiles.parquet")
        },
    }
    with (delivered(night) / "email_profiles.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == PUBLISHED_COLUMNS
    assert rows[1] == ["c001@example.com", "c001", "Ada", "Flat White", "7.5000"]


def test_what_is_no_address_is_set_aside_by_its_hash_alone(night):
    published(
        night, "r1", people="update people.sync.sync_email_profiles set email = 'not one' where customer_id = 'c002';"
    )
    assert audience(night) == ["c001@example.com", "c003@example.com", "c004@example.com"]
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        ((record_hash, code),) = ops.execute("select record_hash, code from sync_rejects").fetchall()
    # HMAC-SHA-256 of "not one" under "a key for tests"
    assert (len(record_hash), code) == (64, "not_an_address")
    assert "not one" not in record_hash


def test_addresses_that_differ_in_case_only_are_one_and_refuse(night):
    sealed(
        night,
        "r1",
        people="update people.sync.sync_email_profiles set email = 'C001@example.com' where customer_id = 'c002';",
    )
    with pytest.raises(PublishError, match=r"1 profiles share an address.*guard: duplicate_keys"):
        publish(night.home, night.network(), night.project)
    assert night.home.published_run() is None


def test_a_guard_refuses_before_anything_is_sent_or_swapped(night):
    published(night, "r1", customers=100)
    sealed(night, "r2", customers=94)

    with pytest.raises(PublishError, match=r"6 of 100 profiles would be removed \(6.0%\).*publish.max_removals"):
        publish(night.home, night.network(), night.project)

    assert night.home.published_run() == "r1"
    assert not (night.home.snapshots / "r2" / AUDIENCES).exists()
    assert run_statuses(night) == [("r1", "published"), ("r2", "refused")]

    result = publish(night.home, night.network(max_removals=0.10), night.project)
    assert (result.published_run, result.deliveries[0].rows_removed) == ("r2", 6)
    assert run_statuses(night) == [("r1", "published"), ("r2", "published")]


def test_a_new_column_is_no_change_of_every_profile(night):
    published(night, "r1", customers=100)
    manifest = read_dbt_manifest(night.project)
    manifest["nodes"]["model.regulars.sync_email_profiles"]["columns"]["kept_home"]["config"] = {
        "meta": {"publish": True}
    }
    (night.project / "dbt_models" / "target" / "manifest.json").write_text(json.dumps(manifest))
    published(night, "r2", customers=100)
    assert night.home.published_run() == "r2"


def test_the_newest_and_the_published_are_kept(night):
    for run_id in ("r1", "r2", "r3", "r4"):
        sealed(night, run_id)
        publish(night.home, night.network(keep_last=2), night.project)
    assert sorted(path.name for path in night.home.snapshots.iterdir()) == ["r3", "r4"]
    assert state_folders(night) == ["r3", "r4"]
