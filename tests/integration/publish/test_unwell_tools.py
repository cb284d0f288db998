"""A tool that is unwell stops alone, and whom it refused meanwhile is sent once it is well; a list is itself."""

import duckdb
import httpx
import pytest

from dagster_project.errors import NetworkError, PublishError
from dagster_project.publish.courier import Courier, DestinationStopped, retry_after
from dagster_project.validate import record_refusal
from tests.integration.publish.conftest import Killed, go, hook, killed_after, klaviyo
from tests.integration.publish.fake_tool import FakeTool
from tests.integration.publish.test_contact_caps import marked


def test_an_answer_that_is_no_json_stops_its_tool_alone(night, tool, other, sealed, monkeypatch):
    once = Courier._once

    def with_a_page(self, client, method, path, request):
        if self.name == "a" and method == "POST":
            return httpx.Response(200, text="<html>c001@example.com is under maintenance</html>")
        return once(self, client, method, path, request)

    monkeypatch.setattr(Courier, "_once", with_a_page)
    sealed("r1")
    with pytest.raises(PublishError, match=r"destination a: an answer is not .*JSONDecodeError") as stopped:
        go(night, klaviyo(other, name="a"), klaviyo(tool, name="b"))
    assert "@" not in str(stopped.value)
    assert len(tool.members("EVERY1")) == 4


def test_a_receiver_may_say_ok_in_words(night, sealed, receiver, monkeypatch):
    once = Courier._once

    def in_words(self, client, method, path, request):
        answer = once(self, client, method, path, request)
        return httpx.Response(200, text="OK") if method == "POST" else answer

    monkeypatch.setattr(Courier, "_once", in_words)
    sealed("r1")
    assert go(night, hook(receiver)).deliveries[0].rows_sent == 4


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


def test_what_a_former_list_took_late_fills_no_other(night, tool, sealed, monkeypatch):
    sealed("r1")
    with monkeypatch.context() as patch:
        killed_after(patch, jobs=3)
        with pytest.raises(Killed):
            go(night, klaviyo(tool))
    go(night, klaviyo(tool, lists={"email_profiles": "EVERY1", "champions": "CHAMP2"}))
    assert tool.members("CHAMP1") == tool.members("CHAMP2") == {"c001@example.com", "c003@example.com"}


def test_a_night_that_is_late_and_stopped_says_both(night, tool, sealed):
    sealed("r1")
    with duckdb.connect(str(night.home.ops)) as ops:
        ops.execute("update runs set started_at = timestamp '2026-01-01 08:00:00'")
    tool.status_for["POST /api/profile-bulk-import-jobs"] = 403
    with pytest.raises(PublishError, match=r"r1 is published \(ready \d+ minutes after .*06:30\), but mail: "):
        go(night, klaviyo(tool))
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        (reason,) = ops.execute("select reason from runs where status = 'published'").fetchone()
    assert reason.startswith("ready ")


def test_whom_a_tool_refused_before_it_stopped_is_named_after_it_went_on(night, tool, sealed, monkeypatch):
    refused = "update people.sync.sync_email_profiles set email = 'refused@example.com' where customer_id = 'c002';"
    sealed("r1", people=refused)
    once, posts = Courier._once, []

    def stops_after_the_first(self, client, method, path, request):
        posts.extend([path] if method == "POST" else [])
        if len(posts) > 1:
            raise DestinationStopped("destination mail: no more tonight")
        return once(self, client, method, path, request)

    with monkeypatch.context() as patch:
        patch.setattr(Courier, "_once", stops_after_the_first)
        with pytest.raises(PublishError, match="no more tonight"):
            go(night, klaviyo(tool))
    go(night, klaviyo(tool))
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        told = ops.execute("select run_id, destination, count(*) from sync_rejects group by all").fetchall()
    assert told == [("r1", "mail", 1)]
