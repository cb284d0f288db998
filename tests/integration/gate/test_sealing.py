"""Sealing survives being killed between any two of its steps."""

import duckdb
import pytest

from dagster_project.errors import GateRefused
from dagster_project.ops import update_ops
from dagster_project.seal import MANIFEST, VERDICT, file_sha256, sealed_snapshots, verify_sealed, write_json
from dagster_project.validate import record_refusal, seal, sealing
from dagster_project.validate.finish import export_parquet, finish_marts, finish_people
from tests.integration.gate.tiny_night import (
    Night,
    make_candidate,
    make_project,
    pass_all_checks,
    read_verdict,
    run_statuses,
)


class Killed(BaseException):
    """What kill -9 looks like from here: nothing below it runs, nothing is cleaned up."""


@pytest.fixture
def night(tmp_path) -> Night:
    night = Night(tmp_path)
    make_project(night)
    return night


def judged(night, run_id, **sizes) -> None:
    make_candidate(night, run_id, **sizes)
    pass_all_checks(night, run_id)


@pytest.mark.parametrize("step", ["write_json", "sync_folder", "settle_state", "record_run"])
@pytest.mark.parametrize("again", ["the step", "the night"])
def test_killed_before_any_step_it_ends_in_the_same_snapshot(night, monkeypatch, step, again):
    judged(night, "r1")

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(sealing, step, killed)
        with pytest.raises(Killed):
            seal(night.home, "r1", "inputs", night.project)
    if again == "the night":
        judged(night, "r1")
    seal(night.home, "r1", "inputs", night.project)

    assert [path.name for path in sealed_snapshots(night.home)] == ["r1"]
    assert verify_sealed(night.home.snapshots / "r1", night.project)["sequence"] == 1
    assert (night.home.state / "r1" / "registry.parquet").is_file()
    assert run_statuses(night) == [("r1", "sealed")]


def test_evidence_stays_out_of_the_snapshot(night):
    judged(night, "r1")
    seal(night.home, "r1", "inputs", night.project)
    assert sorted(path.name for path in (night.home.snapshots / "r1").iterdir()) == [
        MANIFEST,
        "marts.duckdb",
        "restricted",
    ]


def test_a_failed_check_refuses_and_ops_tells_why(night):
    judged(night, "r1")
    verdict = read_verdict(night)
    verdict["checks"][0] |= {"passed": False, "detail": "3 of 4 rows"}
    write_json(night.home.candidate / VERDICT, verdict)

    with pytest.raises(GateRefused, match=r"refused by 1 check: .*\(3 of 4 rows\)"):
        seal(night.home, "r1", "inputs", night.project)

    assert run_statuses(night) == [("r1", "refused")]
    assert night.home.candidate.is_dir()
    assert not night.home.snapshots.exists()


def test_the_verdicts_own_word_is_not_believed(night):
    judged(night, "r1")
    write_json(night.home.candidate / VERDICT, read_verdict(night) | {"checks": [], "passed": True})
    with pytest.raises(GateRefused, match="was not made"):
        seal(night.home, "r1", "inputs", night.project)


def test_without_a_verdict_nothing_is_sealed(night):
    make_candidate(night, "r1")
    with pytest.raises(GateRefused, match="nothing was judged"):
        seal(night.home, "r1", "inputs", night.project)


def test_a_published_runs_id_is_not_sealed_again(night):
    judged(night, "r1")
    seal(night.home, "r1", "inputs", night.project)
    night.home.published.symlink_to("snapshots/r1")
    before = file_sha256(night.home.snapshots / "r1" / "marts.duckdb")
    judged(night, "r1", customers=5)

    with pytest.raises(GateRefused, match="a run needs a new id"):
        seal(night.home, "r1", "inputs", night.project)
    assert file_sha256(night.home.snapshots / "r1" / "marts.duckdb") == before


def test_a_half_left_by_a_killed_removal_is_gone_at_the_next_seal(night):
    half = night.home.snapshots / "r0"
    half.mkdir(parents=True)
    (half / "marts.duckdb").write_bytes(b"half")
    judged(night, "r1")
    seal(night.home, "r1", "inputs", night.project)
    assert not half.exists()


def test_a_refusal_keeps_the_night_it_belongs_to(night):
    with update_ops(night.home) as ops:
        ops.execute(
            "insert into runs values ('r1', date '2026-10-31', timestamp '2026-11-01 03:00:00', null, 'running', null)"
        )
    record_refusal(night.home, "r1", "two checks")
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        row = ops.execute("select as_of_date::varchar, status, reason, ended_at is not null from runs").fetchall()
    assert row == [("2026-10-31", "refused", "two checks", True)]


def test_finishing_masks_addresses_and_gives_every_mart_a_view(night):
    make_candidate(night, "r1")
    with update_ops(night.home) as ops:
        ops.execute("insert into rejected_rows values ('l1/ada@example.com.csv', 3, 'email', 'not an address', 'a***')")
    finish_marts(night.home, "r1", {"nodes": {}})
    export_parquet(night.home)

    with duckdb.connect(str(night.home.candidate_marts), read_only=True) as marts:
        assert marts.execute("select file from ops.rejected_rows").fetchall() == [("l1/[masked]",)]
        assert marts.execute("select count(*) from fct_order_lines").fetchone() == (8,)
    finish_people(night.home)
    with duckdb.connect(str(night.home.candidate_people), read_only=True) as people:
        assert people.execute("select * from contact_points").fetchall() == (
            people.execute("select * from people.people.contact_points").fetchall()
        )
    exported = {path.stem for path in (night.home.candidate / "parquet").iterdir()}
    assert exported == {"dim_customers", "dim_locations", "customer_identities", "fct_orders", "fct_order_lines"}
