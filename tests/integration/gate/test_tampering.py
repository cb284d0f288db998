"""What changes after it was looked at, by a byte or by a check, is neither sealed nor published."""

import duckdb
import pytest

from dagster_project.errors import GateRefused, SealBroken
from dagster_project.publish import publish
from dagster_project.seal import VERDICT, hash_files, write_json
from dagster_project.validate import judge, seal
from expectations import runner
from tests.integration.gate.tiny_night import judged_and_sealed, make_candidate, read_verdict


def test_the_suites_look_at_the_bytes_that_are_published(night, home, monkeypatch):
    make_candidate(night, "r1")
    seen = {}

    def look(folder, marts_file, people_file):
        seen.update(hash_files(home.candidate))
        return [runner.Result("x", "x", True, "")]

    monkeypatch.setattr(runner, "run_suites", look)
    verdict = judge(home, "r1", night.project)

    assert seen == verdict.files
    assert "parquet/fct_orders.parquet" in seen


def test_a_candidate_that_changes_while_the_suites_look_is_refused(night, home, monkeypatch):
    make_candidate(night, "r1")

    def change(folder, marts_file, people_file):
        flip_last_byte(marts_file)
        return []

    monkeypatch.setattr(runner, "run_suites", change)
    with pytest.raises(GateRefused, match=r"changed while it was judged: marts\.duckdb is changed"):
        judge(home, "r1", night.project)


def test_a_candidate_changed_after_dbts_tests_is_refused(night, home):
    make_candidate(night, "r1")
    with duckdb.connect(str(home.candidate_marts)) as connection:
        connection.execute("delete from marts.marts.dim_locations where false; create table marts.marts.late (a int)")

    verdict = judge(home, "r1", night.project)

    assert {check.name for check in verdict.failed} == {"candidate_is_what_dbt_tested"}


def test_a_check_taken_out_of_the_verdict_refuses(night, home):
    make_candidate(night, "r1")
    judge(home, "r1", night.project)
    verdict = read_verdict(night)
    verdict["checks"] = [check for check in verdict["checks"] if check["name"] != "fct_orders.net_amount_is_given"]
    write_json(home.candidate / VERDICT, verdict)

    with pytest.raises(GateRefused, match=r"gx check fct_orders\.net_amount_is_given was not made"):
        seal(home, "r1", "inputs", night.project)


@pytest.mark.parametrize("file", ["marts.duckdb", "restricted/people.duckdb", "parquet/fct_orders.parquet"])
def test_a_byte_changed_after_the_judgement_refuses(night, home, file):
    make_candidate(night, "r1")
    judge(home, "r1", night.project)
    flip_last_byte(home.candidate / file)

    with pytest.raises(GateRefused, match=f"{file} is changed"):
        seal(home, "r1", "inputs", night.project)


def test_a_byte_changed_after_the_seal_is_not_published(night, home):
    judged_and_sealed(night, "r1")
    flip_last_byte(home.snapshots / "r1" / "marts.duckdb")

    with pytest.raises(SealBroken, match=r"marts\.duckdb is changed"):
        publish(home, night.network(), night.project)
    assert home.published_run() is None


def flip_last_byte(path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
