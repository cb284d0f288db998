"""The release without Great Expectations: the swap, what a kill between two steps leaves behind, and the way back."""

import os

import duckdb
import pytest

from dagster_project.cli import summary
from dagster_project.errors import PublishError
from dagster_project.publish import publish, release, rollback, snapshots
from dagster_project.publish.prepared import Prepared
from dagster_project.seal import AUDIENCES
from tests.integration.gate.tiny_night import (
    audience,
    published,
    run_statuses,
    sealed,
    state_folders,
)

SUITES = ()


class Killed(BaseException):
    """What kill -9 looks like from here."""


@pytest.mark.parametrize(
    ("place", "step"),
    [
        (Prepared, "deliver_files"),
        (release, "mark_pending"),
        (Prepared, "send"),
        *((release, step) for step in ("record_deliveries", "swap", "record_run", "prune", "_complete")),
    ],
)
def test_killed_before_any_step_the_next_call_converges(night, monkeypatch, place, step):
    published(night, "r1", customers=3)
    sealed(night, "r2", customers=4)

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(place, step, killed)
        with pytest.raises(Killed):
            publish(night.home, night.network(keep_last=1), night.project)
    publish(night.home, night.network(keep_last=1), night.project)

    assert night.home.published_run() == "r2"
    assert len(audience(night)) == 4
    assert [path.name for path in night.home.snapshots.iterdir()] == ["r2"]
    assert state_folders(night) == ["r2"]
    assert run_statuses(night) == [("r1", "published"), ("r2", "published")]
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        assert ops.execute("select rows_sent from sync_runs where run_id = 'r2'").fetchall() == [(4,)]


def test_a_delivery_begun_before_a_kill_is_written_anew(night):
    sealed(night, "r1")
    begun = night.home.snapshots / "r1" / AUDIENCES / ".email_drop.new"
    begun.mkdir(parents=True)
    (begun / "email_profiles.csv").write_text("half")
    publish(night.home, night.network(), night.project)
    assert len(audience(night)) == 4
    assert not begun.exists()


def test_the_swap_is_one_rename_of_a_link(night, monkeypatch):
    published(night, "r1")
    sealed(night, "r2")
    seen = []
    rename = os.replace

    def watched(source, target):
        if target == night.home.published:
            seen.append((os.readlink(target), os.readlink(source)))
        rename(source, target)

    monkeypatch.setattr(snapshots.os, "replace", watched)
    publish(night.home, night.network(), night.project)
    assert seen == [("snapshots/r1", "snapshots/r2")]


def test_a_home_copied_without_its_links_is_told_so(night):
    published(night, "r1")
    night.home.published.unlink()
    night.home.published.mkdir()
    sealed(night, "r2")
    with pytest.raises(PublishError, match="published: a folder where the link"):
        publish(night.home, night.network(), night.project)


def test_rolled_back_sets_do_not_return_by_themselves(night):
    for run_id in ("r1", "r2"):
        published(night, run_id)
    sealed(night, "r3")

    result = rollback(night.home, "r1")

    assert (result.published_run, result.replaced, night.home.current_state().name) == ("r1", "r2", "r1")
    assert publish(night.home, night.network(), night.project).replaced is None
    with pytest.raises(PublishError, match="only rollback publishes it again"):
        publish(night.home, night.network(), night.project, run_id="r3")
    sealed(night, "r4")
    assert publish(night.home, night.network(), night.project).published_run == "r4"


def test_a_rollback_killed_before_the_swap_leaves_the_published_set(night, monkeypatch):
    for run_id in ("r1", "r2"):
        published(night, run_id)

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(release, "swap", killed)
        with pytest.raises(Killed):
            rollback(night.home, "r1")
    assert publish(night.home, night.network(), night.project).published_run == "r2"
    assert rollback(night.home, "r1").published_run == "r1"


def test_what_is_not_kept_cannot_be_published(night):
    published(night, "r1")
    with pytest.raises(PublishError, match="run r0: no sealed snapshot of it is kept; kept are r1"):
        rollback(night.home, "r0")
    with pytest.raises(PublishError, match=r"RUN=\.\. says which snapshot; kept are r1"):
        rollback(night.home, "")


def test_killed_between_swap_and_record_a_night_with_nothing_new_completes_the_record(night, monkeypatch):
    sealed(night, "r1")

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(release, "record_run", killed)
        with pytest.raises(Killed):
            publish(night.home, night.network(), night.project)
    assert run_statuses(night) == [("r1", "sealed")]
    monkeypatch.setattr(summary, "waiting_fingerprint", lambda network: "inputs")

    assert "Nothing new came in since run r1" in summary.nothing_new(night.network())
    assert run_statuses(night) == [("r1", "published")]
