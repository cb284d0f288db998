"""Whoever asks to be erased leaves every destination, once, and is told nothing any more; so is who asks for less."""

from pathlib import Path

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from tests.integration.publish.conftest import LISTS, PACE, klaviyo, network_of
from tests.integration.publish.fake_tool import FakeTool
from tests.integration.publish.other_tools import FakeBrevo, FakeMailchimp, FakeReceiver

NO_HOLDOUT = {"contact": {"holdout_share": 0}}
DELETION = ("POST", "/api/data-privacy-deletion-jobs", 202)


def asked(*requests: str, day: int = 30) -> str:
    """Each 'kind email'; the customer is the one of the address, if there is one."""
    rows = ", ".join(f"('{email}', '{email[:4]}', '{kind}')" for kind, email in (one.split() for one in requests))
    return f"""create table people.sync.sync_privacy_requests as
        select email, customer_id, kind, timestamp '2026-10-{day} 08:00:00' as requested_at
        from (values {rows}) as t(email, customer_id, kind);"""


ERASE_ONE = asked("erase c001@example.com", "restrict c002@example.com", "erase stranger@example.com")


@pytest.fixture
def go(night, tool):
    return lambda: publish(night.home, network_of(night, klaviyo(tool), **NO_HOLDOUT), night.project, pace=PACE)


def erased(night) -> list[tuple]:
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        query = "select run_id, rows_removed, status from sync_runs where payload = 'privacy_requests' order by 1"
        return ops.execute(query).fetchall()


def test_an_erased_person_leaves_the_tool_once_and_never_comes_back(night, tool, sealed, go):
    sealed("r1")
    go()
    sealed("r2", people=ERASE_ONE)
    assert go().message.endswith("mail received 0 profiles, 2 erased")
    # The tool may know people whom we never sent: they asked the same of it.
    assert sorted(tool.forgotten) == ["c001@example.com", "stranger@example.com"]
    assert tool.profiles.keys() == {"c002@example.com", "c003@example.com", "c004@example.com"}
    assert tool.members("EVERY1") == {"c003@example.com", "c004@example.com"}
    assert erased(night) == [("r2", 2, "delivered")]
    with duckdb.connect(str(night.home.sync / "mail.duckdb"), read_only=True) as ledger:
        known = ledger.execute("select distinct email from acknowledged order by 1").fetchall()
    assert known == [("c002@example.com",), ("c003@example.com",), ("c004@example.com",)]

    for run_id, people in (("r3", ERASE_ONE), ("r4", "")):
        before = len(tool.writes())
        sealed(run_id, people=people)
        go()
        assert tool.writes()[before:] == []
    assert erased(night) == [("r2", 2, "delivered")]

    # The tool met her again, by her own doing or another's; she asks anew.
    tool.unsubscribe("c001@example.com", "2026-10-31T09:00:00+00:00")
    sealed("r5", people=asked("erase c001@example.com", day=31))
    go()
    assert tool.forgotten.count("c001@example.com") == 2
    assert "c001@example.com" not in tool.profiles


def test_an_erasure_the_tool_would_not_take_is_named_and_asked_for_again(night, tool, sealed, go):
    sealed("r1")
    go()
    tool.status_for["POST /api/data-privacy-deletion-jobs"] = 422
    sealed("r2", people=asked("erase c001@example.com"))
    go()
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        rejected = ops.execute("select destination, code from sync_rejects where run_id = 'r2'").fetchall()
    assert rejected == [("mail", "forced")]
    assert "c001@example.com" not in tool.members("EVERY1")
    tool.status_for.clear()
    sealed("r3", people=asked("erase c001@example.com"))
    go()
    assert tool.forgotten == ["c001@example.com"]
    assert erased(night) == [("r3", 1, "delivered")]


def test_a_tool_that_stops_before_an_erasure_is_asked_by_the_next_call(night, tool, sealed, go):
    sealed("r1")
    go()
    tool.status_for["POST /api/data-privacy-deletion-jobs"] = 403
    sealed("r2", people=asked("erase c001@example.com"))
    with pytest.raises(PublishError, match=r"r2 is published, but mail: .*HTTP 403"):
        go()
    tool.status_for.clear()
    go()
    assert tool.forgotten == ["c001@example.com"]


def test_every_kind_of_tool_and_every_file_forgets(night, tool, sealed):
    tools = [kind(keep_bodies=True) for kind in (FakeMailchimp, FakeBrevo, FakeReceiver)]
    chimp, brevo, hook = tools
    common = {"key_env": "FAKE_KEY", "lists": {"email_profiles": "7"}}
    network = network_of(
        night,
        klaviyo(tool),
        {"name": "chimp", "type": "mailchimp", "url": chimp.url} | common,
        {"name": "brevo", "type": "brevo", "url": brevo.url} | common,
        {"name": "hook", "type": "webhook", "url": f"{hook.url}/in", "key_env": "FAKE_KEY", "lists": LISTS},
        {"name": "drop", "type": "file"},
        **NO_HOLDOUT,
    )
    try:
        sealed("r1")
        publish(night.home, network, night.project, pace=PACE)
        brevo.contacts["stranger@example.com"] = {"email": "stranger@example.com", "attributes": {}, "listIds": set()}
        sealed("r2", people=ERASE_ONE)
        publish(night.home, network, night.project, pace=PACE)
    finally:
        for one in tools:
            one.close()
    left = {f"c00{n}@example.com" for n in (2, 3, 4)}
    assert tool.profiles.keys() == left
    assert {member["email_address"] for member in chimp.members_of.values()} == left
    assert brevo.contacts.keys() == left
    assert hook.people.keys() == left
    drop = night.home.published.resolve() / "restricted" / "audiences" / "drop" / "email_profiles.csv"
    assert [line.partition(",")[0] for line in drop.read_text().splitlines()[1:]] == [
        "c003@example.com",
        "c004@example.com",
    ]
    assert len(erased(night)) == 4


def test_the_address_of_an_erased_person_stands_in_no_record_of_it(night, tool: FakeTool, sealed, go, caplog):
    caplog.set_level("DEBUG")
    sealed("r1", people=asked("erase stranger@example.com"))
    message = go().message
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        tables = [name for (name,) in ops.execute("select table_name from duckdb_tables()").fetchall()]
        told = "".join(str(ops.execute(f"select * from {table}").fetchall()) for table in tables)
    assert tool.forgotten == ["stranger@example.com"]
    assert "stranger" not in told + message + caplog.text
    shared: Path = night.home.sync / "shared.duckdb"
    assert b"stranger" not in shared.read_bytes()
