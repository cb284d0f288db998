"""The seal: hashes, the list of required checks, and what breaks a sealed set."""

import json

import pytest

from dagster_project.errors import SealBroken
from dagster_project.seal import (
    GUARDS,
    MANIFEST,
    differences,
    hash_files,
    read_manifest,
    remove_halves,
    required_checks,
    seal_of,
    sealed_snapshots,
    unmet,
    verify_sealed,
    write_json,
)
from dagster_project.validate import seal
from tests.integration.gate.tiny_night import TESTS, Night, make_candidate, make_project, pass_all_checks


@pytest.fixture
def night(tmp_path) -> Night:
    night = Night(tmp_path)
    make_project(night)
    return night


@pytest.fixture
def snapshot(night):
    make_candidate(night, "r1")
    pass_all_checks(night, "r1")
    seal(night.home, "r1", "inputs", night.project)
    return night.home.snapshots / "r1"


def test_hashes_cover_files_but_not_what_comes_after_the_seal(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / MANIFEST).write_text("{}")
    received = tmp_path / "restricted" / "audiences" / "email_drop"
    received.mkdir(parents=True)
    (received / "email_profiles.csv").write_text("later")

    hash_of_the_letter_a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert hash_files(tmp_path) == {"a.txt": hash_of_the_letter_a}


def test_a_link_in_a_sealed_set_is_refused(tmp_path):
    (tmp_path / "marts.duckdb").symlink_to("/elsewhere")
    with pytest.raises(SealBroken, match="is a link"):
        hash_files(tmp_path)


def test_required_checks_come_from_manifest_suites_and_guards(night):
    assert required_checks(night.project) == {
        *(("dbt", test) for test in TESTS),
        ("gx", "dim_customers.key_is_given"),
        *(("guard", guard) for guard in GUARDS),
    }


@pytest.mark.parametrize("gone", ["dbt_models/target/manifest.json", "expectations/dim_customers.json"])
def test_without_a_list_nothing_can_be_required(night, gone):
    (night.project / gone).unlink()
    with pytest.raises(SealBroken, match="required checks are unknown"):
        required_checks(night.project)


def test_a_check_is_unmet_when_absent_or_failed():
    checks = [{"kind": "gx", "name": "a", "passed": False, "detail": "2 of 4 rows"}]
    assert unmet({("gx", "a"), ("dbt", "b")}, checks) == [
        "dbt check b was not made",
        "gx check a failed (2 of 4 rows)",
    ]


def test_differences_say_what_happened_to_each_file():
    assert differences({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == ["a is missing", "b is changed", "c is new"]


def test_a_snapshot_as_sealed_verifies(snapshot, night):
    assert verify_sealed(snapshot, night.project) == read_manifest(snapshot)


@pytest.mark.parametrize("file", ["marts.duckdb", "restricted/people.duckdb"])
def test_one_changed_byte_breaks_the_seal(snapshot, night, file):
    with (snapshot / file).open("ab") as content:
        content.write(b"\0")
    with pytest.raises(SealBroken, match=f"{file} is changed"):
        verify_sealed(snapshot, night.project)


def test_a_file_put_beside_breaks_the_seal(snapshot, night):
    (snapshot / "extra.csv").write_text("x")
    with pytest.raises(SealBroken, match=r"extra\.csv is new"):
        verify_sealed(snapshot, night.project)


def test_changed_state_breaks_the_seal(snapshot, night):
    (night.home.state / "r1" / "registry.parquet").write_bytes(b"other ids")
    with pytest.raises(SealBroken, match=r"state: registry\.parquet is changed"):
        verify_sealed(snapshot, night.project)


def test_an_edited_manifest_does_not_match_its_seal(snapshot, night):
    manifest = read_manifest(snapshot)
    manifest["rows"]["dim_customers"] = 5
    write_json(snapshot / MANIFEST, manifest)
    with pytest.raises(SealBroken, match="does not match its own seal"):
        verify_sealed(snapshot, night.project)


def test_a_resealed_manifest_without_a_required_check_is_refused(snapshot, night):
    manifest = read_manifest(snapshot)
    manifest["checks"] = [check for check in manifest["checks"] if check["name"] != TESTS[0]]
    manifest["required"] = [check for check in manifest["required"] if check[1] != TESTS[0]]
    write_json(snapshot / MANIFEST, manifest | {"seal": seal_of(manifest)})
    with pytest.raises(SealBroken, match=f"dbt check {TESTS[0]} was not made"):
        verify_sealed(snapshot, night.project)


def test_a_check_added_since_counts_for_publishing_but_not_for_a_kept_snapshot(snapshot, night):
    suite = {"mart": "fct_orders", "expectations": [{"name": "new_rule"}]}
    write_json(night.project / "expectations" / "fct_orders.json", suite)
    with pytest.raises(SealBroken, match=r"fct_orders\.new_rule was not made"):
        verify_sealed(snapshot, night.project)
    assert verify_sealed(snapshot, None)["run_id"] == "r1"


def test_a_half_is_no_snapshot_and_is_removed_with_its_state(snapshot, night):
    (snapshot / MANIFEST).unlink()
    assert sealed_snapshots(night.home) == []
    remove_halves(night.home)
    assert not snapshot.exists()
    assert not (night.home.state / "r1").exists()


def test_json_is_written_whole_and_nothing_stays_beside(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"b": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
