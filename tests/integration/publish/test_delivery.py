"""Publishing to a tool with an API: what is sent, what is acknowledged, and what a second look sends."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest

from dagster_project.errors import NetworkError, PublishError, RegularsError
from dagster_project.publish import publish, rollback
from dagster_project.validate import record_refusal
from tests.integration.gate.tiny_night import run_statuses
from tests.integration.publish.conftest import PACE, klaviyo, network_of

NO_HOLDOUT = {"contact": {"holdout_share": 0}}


def go(night, tool, **more):
    sections = NO_HOLDOUT | more.pop("sections", {})
    return publish(
        night.home,
        network_of(night, klaviyo(tool), publish=more.pop("publish", None), **sections),
        night.project,
        pace=PACE,
    )


def ops(night, query):
    with duckdb.connect(str(night.home.ops), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_profiles_and_lists_arrive_and_are_acknowledged(night, tool, sealed):
    sealed("r1")
    result = go(night, tool)

    assert result.message.endswith("mail received 4 profiles")
    assert tool.members("EVERY1") == {f"c00{n}@example.com" for n in (1, 2, 3, 4)}
    assert tool.members("CHAMP1") == {"c001@example.com", "c003@example.com"}
    assert tool.profiles["c001@example.com"].attributes == {
        "email": "c001@example.com",
        "external_id": "c001",
        "first_name": "Ada",
        "properties": {"favourite": "Flat White", "lifetime_amount": 7.5},
    }
    assert ops(night, "select payload, rows_sent, rows_removed, rows_rejected, status, reason from sync_runs") == [
        ("email_profiles", 4, 0, 0, "delivered", "4 of 4 read back as sent"),
        ("champions", 2, 0, 0, "delivered", "4 of 4 read back as sent"),
    ]


def test_an_unchanged_night_sends_nothing(night, tool, sealed):
    sealed("r1")
    go(night, tool)
    sealed("r2")
    before = len(tool.writes())
    go(night, tool)
    assert night.home.published_run() == "r2"
    assert tool.writes()[before:] == []


def test_only_what_changed_is_sent_and_leaving_an_audience_removes_from_its_list(night, tool, sealed):
    sealed("r1")
    go(night, tool)
    tool.bodies.clear()
    sealed(
        "r2",
        people="""update people.sync.sync_email_profiles set first_name = 'Grace' where customer_id = 'c002';
                  delete from people.sync.sync_email_audiences where customer_id = 'c003';""",
    )
    go(night, tool)
    posts = [body for command, path, body in tool.bodies if command == "POST"]
    assert len(posts) == 1
    assert "Grace" in posts[0]
    assert "c001" not in posts[0]
    assert tool.members("CHAMP1") == {"c001@example.com"}
    assert "c003@example.com" in tool.members("EVERY1")


def test_mode_upsert_takes_off_a_list_only_whom_nobody_may_mail(night, tool, sealed):
    upsert = network_of(night, klaviyo(tool, mode="upsert"), **NO_HOLDOUT)
    sealed("r1", customers=6)
    publish(night.home, upsert, night.project, pace=PACE)
    tool.unsubscribe("c001@example.com", "2026-10-30T10:00:00+00:00")
    sealed("r2", customers=6, people="delete from people.sync.sync_email_audiences where customer_id = 'c003';")
    publish(night.home, upsert, night.project, pace=PACE)
    assert tool.members("CHAMP1") == {"c003@example.com", "c005@example.com"}
    assert tool.members("EVERY1") == {f"c00{n}@example.com" for n in (2, 3, 4, 5, 6)}


def test_who_unsubscribes_at_one_tool_leaves_every_destination_at_once(night, tool, sealed):
    other = type(tool)()
    both = network_of(
        night, klaviyo(tool), klaviyo(other, name="other"), {"name": "drop", "type": "file"}, **NO_HOLDOUT
    )
    try:
        sealed("r1")
        publish(night.home, both, night.project, pace=PACE)
        other.unsubscribe("c001@example.com", "2026-10-30T10:00:00+00:00")
        sealed("r2")
        publish(night.home, both, night.project, pace=PACE)
        assert tool.members("EVERY1") == other.members("EVERY1") == {f"c00{n}@example.com" for n in (2, 3, 4)}
        drop = night.home.published.resolve() / "restricted" / "audiences" / "drop" / "email_profiles.csv"
        assert "c001@" not in drop.read_text()
        # Append-only: whoever is taken off the tool's own list later is still not mailed.
        other.profiles["c001@example.com"].suppressed_at = None
        sealed("r3")
        publish(night.home, both, night.project, pace=PACE)
        assert "c001@example.com" not in tool.members("EVERY1") | other.members("EVERY1")
    finally:
        other.close()


def test_a_bad_record_is_named_and_holds_no_other_back(night, tool, sealed):
    sealed(
        "r1",
        customers=40,
        people="""update people.sync.sync_email_profiles set email = 'spoils@example.com' where customer_id = 'c007';
                  update people.sync.sync_email_profiles set email = 'refused@example.com'
                  where customer_id = 'c011';""",
    )
    go(night, tool)
    assert len(tool.members("EVERY1")) == 38
    assert ops(night, "select destination, code, count(*) from sync_rejects group by all") == [("mail", "invalid", 2)]
    hashes = {one for (one,) in ops(night, "select record_hash from sync_rejects")}
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes)
    before = len(tool.writes())
    sealed(
        "r2",
        customers=40,
        people="""update people.sync.sync_email_profiles set email = 'spoils@example.com' where customer_id = 'c007';
                  update people.sync.sync_email_profiles set email = 'refused@example.com'
                  where customer_id = 'c011';""",
    )
    go(night, tool)
    assert tool.writes()[before:] == []


def test_a_refused_credential_stops_the_destination_and_nothing_else(night, tool, sealed):
    sealed("r1")
    go(night, tool)
    other = type(tool)(key="another")
    both = network_of(night, klaviyo(other, name="broken"), klaviyo(tool), **NO_HOLDOUT)
    sealed("r2", customers=5)
    try:
        with pytest.raises(PublishError, match=r"broken.*never fetched.*HTTP 401"):
            publish(night.home, both, night.project, pace=PACE)
        assert other.writes() == []
        assert len(tool.members("EVERY1")) == 4
        assert night.home.published_run() == "r1"
    finally:
        other.close()


def test_a_tool_that_stops_half_way_is_told_and_the_next_call_completes(night, tool, sealed):
    sealed("r1")
    tool.status_for["POST /api/profile-bulk-import-jobs"] = 403
    with pytest.raises(PublishError, match="r1 is published, but mail: destination mail: refused with HTTP 403"):
        go(night, tool)
    assert night.home.published_run() == "r1"
    tool.status_for.clear()
    result = go(night, tool)
    assert result.published_run == "r1"
    assert len(tool.members("EVERY1")) == 4
    before = len(tool.requests)
    go(night, tool)
    assert len(tool.requests) == before


def test_after_a_refused_gate_publishing_alone_makes_no_request(night, tool, sealed):
    sealed("r1")
    tool.status_for["POST /api/profile-bulk-import-jobs"] = 403
    with pytest.raises(PublishError):
        go(night, tool)
    tool.status_for.clear()
    record_refusal(night.home, "r2", "a check failed")
    before = len(tool.requests)
    assert "nothing was sent or replaced" in go(night, tool).message
    assert len(tool.requests) == before


def test_after_a_rollback_nothing_is_sent(night, tool, sealed):
    for run_id, customers in (("r1", 4), ("r2", 5)):
        sealed(run_id, customers=customers)
        go(night, tool)
    before = len(tool.requests)
    rollback(night.home, "r1")
    assert "nothing was sent or replaced" in go(night, tool).message
    assert len(tool.requests) == before


def test_a_missing_credential_is_named_before_anything(night, tool, sealed, monkeypatch):
    monkeypatch.delenv("FAKE_KEY")
    sealed("r1")
    with pytest.raises(NetworkError, match="environment variable FAKE_KEY is not set"):
        go(night, tool)
    assert tool.requests == []


def test_another_key_is_refused_rather_than_everybody_sent_anew(night, tool, sealed, monkeypatch):
    sealed("r1")
    go(night, tool)
    monkeypatch.setenv("REGULARS_KEY", "another")
    sealed("r2")
    with pytest.raises(PublishError, match="another REGULARS_KEY"):
        go(night, tool)
    assert run_statuses(night)[-1] == ("r2", "refused")


def test_batches_are_as_large_as_the_tool_allows(night, tool, sealed):
    sealed("r1", customers=10_001)
    network = network_of(night, klaviyo(tool), **NO_HOLDOUT)
    publish(night.home, network, night.project, pace=replace(PACE, read=30.0))
    sizes = [
        (len(data["attributes"]["profiles"]["data"]), "relationships" in data)
        for command, _, body in tool.bodies
        if command == "POST"
        for data in [json.loads(body)["data"]]
    ]
    # 10,000 a request: two for the profiles, two for everybody's list, one for the champions'.
    assert sizes == [(10_000, False), (1, False), (5_001, True), (10_000, True), (1, True)]


def test_two_publishers_exclude_each_other(night, tool, sealed):
    sealed("r1")
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print('held', flush=True); input()"
    lock = str(night.home.root / ".lock")
    with subprocess.Popen([sys.executable, "-c", hold, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RegularsError, match="another run is at work here"):
            go(night, tool)
        other.communicate(b"\n")
    assert tool.requests == []
    go(night, tool)
    assert len(tool.members("EVERY1")) == 4
