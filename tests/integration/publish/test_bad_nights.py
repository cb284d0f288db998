"""Whatever goes wrong between nights, nobody is mailed who may not be."""

from dataclasses import replace

import duckdb
import pytest

from dagster_project.errors import PublishError
from tests.integration.publish.conftest import PACE, Killed, go, hook, killed_after, klaviyo
from tests.integration.publish.fake_tool import FakeTool
from tests.integration.publish.test_erasure import asked

RENAMED = "update people.sync.sync_email_profiles set first_name = 'Grace' where customer_id = 'c002'"


def sent_since(tool, seen: int) -> list[str]:
    return [body for method, _, body in tool.bodies[seen:] if method == "POST"]


def test_who_unsubscribed_elsewhere_is_not_sent_again_with_a_job_the_tool_lost(night, other, sealed, monkeypatch):
    first = FakeTool(keep_bodies=True)
    try:
        sealed("r1")
        with monkeypatch.context() as patch:
            killed_after(patch, jobs=3)
            with pytest.raises(Killed):
                go(night, klaviyo(first), klaviyo(other, name="other"))
        first.jobs.clear()
        first.lists.clear()
        other.unsubscribe("c001@example.com", "2026-10-30T10:00:00+00:00")
        seen = len(first.bodies)
        go(night, klaviyo(first), klaviyo(other, name="other"))
        assert sent_since(first, seen)
        assert not any("c001@example.com" in body for body in sent_since(first, seen))
    finally:
        first.close()


def test_who_asked_to_be_left_alone_is_not_sent_again_with_a_job_the_tool_lost(night, sealed, other, monkeypatch):
    sealed("r1")
    with monkeypatch.context() as patch:
        killed_after(patch, jobs=1)
        with pytest.raises(Killed):
            go(night, klaviyo(other))
    other.jobs.clear()
    other.profiles.clear()
    sealed("r2", people=asked("restrict c001@example.com"))
    seen = len(other.bodies)
    go(night, klaviyo(other))
    assert sent_since(other, seen)
    assert not any("c001@example.com" in body for body in sent_since(other, seen))


def test_a_job_that_never_ends_holds_no_removal_back(night, tool, sealed, monkeypatch):
    sealed("r1")
    go(night, klaviyo(tool))
    ended = FakeTool.job
    stuck = f"job-{len(tool.jobs) + 1}"
    at_work = (200, {"data": {"attributes": {"status": "processing"}}})
    monkeypatch.setattr(FakeTool, "job", lambda self, job: at_work if job == stuck else ended(self, job))
    sealed("r2", people=RENAMED)
    with pytest.raises(PublishError, match="still at work"):
        go(night, klaviyo(tool), pace=replace(PACE, job=0.01))
    tool.unsubscribe("c001@example.com", "2026-10-30T10:00:00+00:00")
    sealed("r3", people=RENAMED)
    go(night, klaviyo(tool), pace=replace(PACE, job=0.01))
    assert "c001@example.com" not in tool.members("EVERY1")


def test_a_fetch_that_breaks_off_forgets_no_older_suppression(night, tool, sealed, monkeypatch):
    monkeypatch.setattr("dagster_project.publish.suppressions._CHUNK", 10)
    sealed("r1", customers=150)
    for n in range(1, 131):
        at = "2026-10-30T10:00:00+00:00" if n == 1 else f"2024-01-{n % 28 + 1:02d}T10:00:00+00:00"
        tool.unsubscribe(f"c{n:03d}@example.com", at)
    find = FakeTool.find_profiles
    with monkeypatch.context() as patch:
        patch.setattr(FakeTool, "find_profiles", lambda s, q: (503, {}) if q.get("page[cursor]") else find(s, q))
        with pytest.raises(PublishError):
            go(night, klaviyo(tool), pace=replace(PACE, attempts=2))
    go(night, klaviyo(tool))
    assert tool.members("EVERY1") == {f"c{n:03d}@example.com" for n in range(131, 151)}


def test_who_was_merged_and_unsubscribes_leaves_the_list(night, tool, sealed, other):
    merged = "".join(
        f"update people.sync.{model} set customer_id = 'c901' where customer_id = 'c001';"
        for model in ("sync_email_profiles", "sync_email_audiences")
    )
    destinations = (klaviyo(tool), klaviyo(other, name="other"))
    sealed("r1")
    go(night, *destinations)
    sealed("r2", people=merged)
    go(night, *destinations)
    assert tool.profiles["c001@example.com"].attributes["external_id"] == "c901"
    other.unsubscribe("c001@example.com", "2026-10-30T10:00:00+00:00")
    sealed("r3", people=merged)
    go(night, *destinations)
    assert "c001@example.com" not in tool.members("EVERY1")


def test_who_leaves_one_list_of_a_tool_leaves_every_destination(night, tool, other, sealed):
    tool.left_a_list["c001@example.com"] = "2026-10-30T10:00:00+00:00"
    for run_id in ("r1", "r2"):
        sealed(run_id)
        go(night, klaviyo(tool), klaviyo(other, name="other"))
    assert "c001@example.com" not in other.members("EVERY1") | tool.members("EVERY1")


def test_a_suppression_without_an_address_switches_no_guard_off(night, sealed, receiver):
    drop = {"name": "drop", "type": "file"}
    receiver.told = {"suppressions": [{"email": None, "reason": "unsubscribed", "at": "2026-10-30T08:00:00Z"}]}
    sealed("r1", customers=200)
    go(night, hook(receiver), drop)
    sealed("r2", customers=100)
    with pytest.raises(PublishError, match=r"shrink|removed"):
        go(night, hook(receiver), drop)


def test_an_unsubscribe_without_a_time_has_that_of_the_fetch(night, sealed, receiver):
    receiver.told = {"suppressions": [{"email": "c001@example.com", "reason": "unsubscribed"}]}
    sealed("r1")
    go(night, hook(receiver))
    (file,) = (night.home.returned / "hook").glob("consents-*.csv")
    with duckdb.connect() as connection:
        told = connection.execute('select contact, state, "at" is not null from read_csv(?)', [str(file)]).fetchall()
    assert told == [("c001@example.com", "denied", True)]
