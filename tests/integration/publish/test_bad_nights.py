"""Nights on which a tool, or what it says, is not as it should be: nobody is mailed who may not be, no tool waits."""

from dataclasses import replace

import duckdb
import httpx
import pytest

from dagster_project.errors import NetworkError, PublishError
from dagster_project.publish import publish
from dagster_project.publish.courier import Courier, retry_after
from dagster_project.publish.ledger import Ledger
from dagster_project.validate import record_refusal
from tests.integration.publish.conftest import PACE, klaviyo, network_of
from tests.integration.publish.fake_tool import FakeTool
from tests.integration.publish.other_tools import FakeReceiver
from tests.integration.publish.test_contact_caps import marked
from tests.integration.publish.test_erasure import asked

RENAMED = "update people.sync.sync_email_profiles set first_name = 'Grace' where customer_id = 'c002'"


class Killed(BaseException):
    """What a kill would be, raised where it would come."""


@pytest.fixture
def other():
    tool = FakeTool(keep_bodies=True)
    yield tool
    tool.close()


@pytest.fixture
def receiver():
    tool = FakeReceiver()
    yield tool
    tool.close()


def go(night, *destinations, pace=PACE, **more):
    network = network_of(night, *destinations, **({"contact": {"holdout_share": 0}} | more))
    return publish(night.home, network, night.project, pace=pace)


def hook(receiver) -> dict:
    return {"name": "hook", "type": "webhook", "key_env": "FAKE_KEY", "url": f"{receiver.url}/in"}


def killed_after(monkeypatch, jobs: int):
    """From now on a kill comes right after this many job ids have been kept."""
    kept = []

    def submitted(self, *stretch, _real=Ledger.submitted):
        _real(self, *stretch)
        kept.append(stretch)
        if len(kept) == jobs:
            raise Killed

    monkeypatch.setattr(Ledger, "submitted", submitted)


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


def test_an_answer_that_is_no_json_stops_its_tool_alone(night, tool, other, sealed, monkeypatch):
    once = Courier._once

    def with_a_page(self, method, path, request):
        if self.name == "a" and method == "POST":
            return httpx.Response(200, text="<html>c001@example.com is under maintenance</html>")
        return once(self, method, path, request)

    monkeypatch.setattr(Courier, "_once", with_a_page)
    sealed("r1")
    with pytest.raises(PublishError, match=r"destination a: an answer is not .*JSONDecodeError") as stopped:
        go(night, klaviyo(other, name="a"), klaviyo(tool, name="b"))
    assert "@" not in str(stopped.value)
    assert len(tool.members("EVERY1")) == 4


def test_a_receiver_may_say_ok_in_words(night, sealed, receiver, monkeypatch):
    once = Courier._once

    def in_words(self, method, path, request):
        answer = once(self, method, path, request)
        return httpx.Response(200, text="OK") if method == "POST" else answer

    monkeypatch.setattr(Courier, "_once", in_words)
    sealed("r1")
    assert go(night, hook(receiver)).deliveries[0].rows_sent == 4


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


def test_an_older_sealed_run_does_not_go_after_a_refused_one(night, tool, sealed):
    sealed("r1")
    record_refusal(night.home, "r2", "a check failed")
    assert "r2 was refused" in go(night, klaviyo(tool)).message
    assert tool.requests == []


def test_a_new_attribute_that_did_not_reach_everybody_is_new_the_next_night_too(night, tool, sealed):
    sealed("r1", customers=150)
    go(night, klaviyo(tool))
    marked(night, "kept_home")
    sealed("r2", customers=150)
    tool.status_for["POST /api/profile-bulk-import-jobs"] = 403
    with pytest.raises(PublishError, match="403"):
        go(night, klaviyo(tool))
    tool.status_for.clear()
    go(night, klaviyo(tool))
    assert len(tool.members("EVERY1")) == 150


def test_a_store_without_its_credential_is_named_before_anything_is_swapped(night, tool, sealed):
    sealed("r1")
    drop = {"name": "a_drop", "type": "sftp", "url": "sftp://user@127.0.0.1:1/x", "key_env": "NOT_SET"}
    with pytest.raises(NetworkError, match="NOT_SET"):
        go(night, drop, klaviyo(tool))
    assert night.home.published_run() is None
    assert tool.requests == []


@pytest.mark.parametrize(("told", "seconds"), [("0", 0.0), ("7", 7.0), ("\u00b2", None), ("soon", None), ("-5", None)])
def test_what_a_tool_says_of_when_to_come_again(told, seconds):
    assert retry_after(told) == seconds


def test_a_tool_that_refuses_everything_for_a_night_is_sent_everything_the_next(night, tool, sealed):
    sealed("r1", customers=200)
    tool.status_for["POST /api/profile-bulk-import-jobs"] = 400
    with pytest.raises(PublishError, match="refuses more than 20 records"):
        go(night, klaviyo(tool))
    tool.status_for.clear()
    sealed("r2", customers=200)
    go(night, klaviyo(tool))
    assert len(tool.members("EVERY1")) == 200


def test_whom_a_list_refused_is_offered_again_once_their_profile_changes(night, tool, sealed, monkeypatch):
    take = FakeTool.import_profiles
    refusal = (400, {"errors": [{"code": "invalid"}]})
    with monkeypatch.context() as patch:
        patch.setattr(FakeTool, "import_profiles", lambda s, b: refusal if "relationships" in b["data"] else take(s, b))
        sealed("r1")
        go(night, klaviyo(tool))
    changed = "update people.sync.sync_email_profiles set first_name = 'Grace'"
    for run_id in ("r2", "r3"):
        sealed(run_id, people=changed)
        go(night, klaviyo(tool), publish={"max_changes": 1.0})
    assert len(tool.members("EVERY1")) == 4


def test_another_list_is_filled_and_one_taken_out_is_left_alone(night, tool, sealed):
    sealed("r1")
    go(night, klaviyo(tool))
    sealed("r2")
    go(night, klaviyo(tool, lists={"email_profiles": "EVERY1", "champions": "CHAMP2"}))
    assert tool.members("CHAMP2") == {"c001@example.com", "c003@example.com"}
    sealed("r3")
    requests = len(tool.requests)
    go(night, klaviyo(tool, lists={"email_profiles": "EVERY1"}))
    assert not [path for method, path, _ in tool.requests[requests:] if method != "GET"]
    assert tool.members("CHAMP2") == {"c001@example.com", "c003@example.com"}
