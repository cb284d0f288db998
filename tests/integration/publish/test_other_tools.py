"""Mailchimp, Brevo and webhooks: what each is told, and what of it can never raise anybody's consent."""

import json
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from dagster_project.publish.destinations.mailchimp import field_name
from tests.integration.publish.conftest import PACE, network_of
from tests.integration.publish.other_tools import FakeBrevo, FakeMailchimp, FakeReceiver

PROJECT = Path(__file__).parents[3]
NO_HOLDOUT = {"contact": {"holdout_share": 0}}
REFUSED = "update people.sync.sync_email_profiles set email = 'refused@example.com' where customer_id = 'c002';"
LEFT = "delete from people.sync.sync_email_audiences where customer_id = 'c003';"


@pytest.fixture
def started():
    tools = []

    def start(kind):
        tools.append(kind(keep_bodies=True))
        return tools[-1]

    yield start
    for tool in tools:
        tool.close()


def codes(night) -> list[str]:
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        return [code for (code,) in ops.execute("select code from sync_rejects").fetchall()]


def test_mailchimp_keeps_the_status_of_whom_it_knows(night, sealed, started):
    tool = started(FakeMailchimp)
    lists = {"email_profiles": "L1", "champions": "Champions"}
    network = network_of(
        night,
        {"name": "chimp", "type": "mailchimp", "key_env": "FAKE_KEY", "url": tool.url, "lists": lists},
        **NO_HOLDOUT,
    )
    sealed("r1", people=REFUSED)
    publish(night.home, network, night.project, pace=PACE)
    assert tool.tagged("Champions") == {"c001@example.com", "c003@example.com"}
    assert tool.tagged("email_profiles") == {"c001@example.com", "c003@example.com", "c004@example.com"}
    assert codes(night) == ["http_400"]
    written = [json.loads(op["body"]) for _, _, body in tool.bodies if body for op in json.loads(body)["operations"]]
    assert all("status" not in body for body in written)
    assert {key for body in written for key in body} == {"email_address", "status_if_new", "merge_fields", "tags"}

    (told,) = (night.home.returned / "chimp").glob("engagement-*")
    events = [line.split(",")[1:4] for line in told.read_text().splitlines()[1:]]
    # Two pages of whom the campaign went to, and one who opened it.
    assert events.count(["sent", "2026-10-29T09:00:00+00:00", "spring"]) == 1001
    assert events.count(["opened", "2026-10-30T10:00:00+00:00", "spring"]) == 1

    gone = next(m for m in tool.members_of.values() if m["email_address"] == "c001@example.com")
    gone["status"] = "unsubscribed"
    sealed("r2", people=REFUSED + "update people.sync.sync_email_profiles set first_name = 'Grace';")
    publish(night.home, network, night.project, pace=PACE)
    assert gone["status"] == "unsubscribed"
    assert tool.tagged("Champions") == {"c003@example.com"}
    sealed("r3", people=REFUSED + "update people.sync.sync_email_profiles set first_name = 'Grace';")
    before = len(tool.writes())
    publish(night.home, network, night.project, pace=PACE)
    assert tool.writes()[before:] == []


def test_who_leaves_everyone_at_mailchimp_loses_the_tag_and_stays_a_member(night, sealed, started):
    tool = started(FakeMailchimp)
    destination = {"name": "chimp", "type": "mailchimp", "key_env": "FAKE_KEY", "url": tool.url}
    network = network_of(night, destination | {"lists": {"email_profiles": "L1"}}, **NO_HOLDOUT)
    sealed("r1")
    publish(night.home, network, night.project, pace=PACE)
    members = tool.tagged("email_profiles")
    sealed("r2", people="delete from people.sync.sync_email_profiles where customer_id = 'c003';")
    publish(night.home, network, night.project, pace=PACE)
    assert tool.tagged("email_profiles") == members - {"c003@example.com"}
    kept = next(m for m in tool.members_of.values() if m["email_address"] == "c003@example.com")
    assert kept["status"] == "subscribed"
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        removed = ops.execute("select sum(rows_removed) from sync_runs where run_id = 'r2'").fetchone()
    assert removed == (1,)


def test_mailchimps_tags_of_long_names_stay_apart():
    described = yaml.safe_load((PROJECT / "dbt_models" / "models" / "sync" / "_sync.yml").read_text())
    (model,) = (model for model in described["models"] if model["name"] == "sync_email_profiles")
    tags = [field_name(column["name"]) for column in model["columns"]]
    assert "HOMLOCID" in tags
    assert len(set(tags)) == len(tags)
    assert max(len(tag) for tag in tags) <= 10


def test_a_field_that_mailchimp_lacks_is_named_as_it_is_called_there(night, sealed, started):
    tool = started(FakeMailchimp)
    destination = {"name": "chimp", "type": "mailchimp", "key_env": "FAKE_KEY", "url": tool.url}
    network = network_of(night, destination | {"lists": {"email_profiles": "L1"}})
    tool.merge_tags = ("FNAME", "FAVOURITE")
    sealed("r1")
    with pytest.raises(PublishError, match=r"lifetime_amount \(there LIFETAMOUN\) are no attributes of the tool"):
        publish(night.home, network, night.project, pace=PACE)


def test_brevo_is_told_only_what_it_knows_and_never_to_erase(night, sealed, started):
    tool = started(FakeBrevo)
    destination = {
        "name": "brevo", "type": "brevo", "key_env": "FAKE_KEY", "url": tool.url,
        "lists": {"email_profiles": "7", "champions": "9"},
    }  # fmt: skip
    network = network_of(night, destination, **NO_HOLDOUT)
    sealed("r1", people="update people.sync.sync_email_profiles set email = 'spoils@x.org' where customer_id = 'c002';")
    publish(night.home, network, night.project, pace=PACE)
    assert tool.on(7) == {"c001@example.com", "c003@example.com", "c004@example.com"}
    assert tool.on(9) == {"c001@example.com", "c003@example.com"}
    assert codes(night) == ["invalid_parameter"]

    tool.contacts["c001@example.com"] |= {"emailBlacklisted": True, "modifiedAt": "2026-10-30T08:00:00Z"}
    sealed("r2", people="update people.sync.sync_email_profiles set email = 'spoils@x.org' where customer_id = 'c002';")
    publish(night.home, network, night.project, pace=PACE)
    assert tool.on(9) == {"c003@example.com"}


def returned(night, destination: str, feed: str) -> set[tuple[str, ...]]:
    files = (night.home.returned / destination).glob(f"{feed}-*")
    return {tuple(line.split(",")[:4]) for file in files for line in file.read_text().splitlines()[1:]}


def brevo_of(tool) -> dict:
    return {"name": "brevo", "type": "brevo", "key_env": "FAKE_KEY", "url": tool.url, "lists": {"email_profiles": "7"}}


def test_brevo_tells_why_somebody_gets_nothing_and_all_that_happened(night, sealed, started):
    tool = started(FakeBrevo)
    network = network_of(night, brevo_of(tool), publish={"max_removals": 1}, **NO_HOLDOUT)
    sealed("r1", customers=6)
    publish(night.home, network, night.project, pace=PACE)
    at = "2026-10-30T08:00:00.000+02:00"
    for number in (1, 2, 3):
        tool.contacts[f"c00{number}@example.com"] |= {"emailBlacklisted": True, "modifiedAt": at}
    spring = {"campaignId": 21, "eventTime": at}
    tool.statistics = {
        "c001@example.com": {"hardBounces": [spring]},
        "c002@example.com": {"hardBounces": [spring], "complaints": [spring]},
        "c003@example.com": {"unsubscriptions": {"userUnsubscription": [spring], "adminUnsubscription": []}},
        "c004@example.com": {
            "messagesSent": [spring],
            "delivered": [spring],
            "opened": [spring | {"count": 1}],
            "clicked": [{"campaignId": 21, "links": [{"url": "https://x.example", "count": 1, "eventTime": at}]}],
            "softBounces": [spring],
        },
    }
    # More than one page of a hundred; the last is ours.
    tool.blocked = [
        {"email": f"x{number}@example.com", "reason": {"code": "unsubscribedViaEmail"}, "blockedAt": at}
        for number in range(100)
    ] + [{"email": "C005@example.com", "reason": {"code": "contactFlaggedAsSpam"}, "blockedAt": at}]
    sealed("r2", customers=6)
    publish(night.home, network, night.project, pace=PACE)
    assert tool.on(7) == {"c004@example.com", "c006@example.com"}
    told = {row for row in returned(night, "brevo", "engagement") if not row[0].startswith("x")}
    # A reason is told as what it is; an event also says of which campaign.
    assert told == {
        ("c001@example.com", "bounced_hard", at, ""),
        ("c002@example.com", "complained", at, ""),
        ("c003@example.com", "unsubscribed", at, ""),
        ("C005@example.com", "complained", at, ""),
        ("c001@example.com", "bounced_hard", at, "21"),
        ("c002@example.com", "bounced_hard", at, "21"),
        ("c002@example.com", "complained", at, "21"),
        ("c003@example.com", "unsubscribed", at, "21"),
        *(
            ("c004@example.com", event, at, "21")
            for event in ("sent", "delivered", "opened", "clicked", "bounced_soft")
        ),
    }
    # A bounce is nobody's refusal.
    denied = {row[0] for row in returned(night, "brevo", "consents")}
    assert {email for email in denied if not email.startswith("x")} == {
        "c002@example.com", "c003@example.com", "C005@example.com",
    }  # fmt: skip
    assert not [path for method, path, _ in tool.requests if method == "GET" and ("@" in path or "%40" in path)]


def test_more_news_of_brevo_than_a_night_has_time_for_is_told(night, sealed, started, monkeypatch):
    tool = started(FakeBrevo)
    monkeypatch.setattr("dagster_project.publish.destinations.brevo._LOOKED_UP", 3)
    sealed("r1")
    (delivery,) = publish(night.home, network_of(night, brevo_of(tool)), night.project, pace=PACE).deliveries
    assert delivery.reason is None
    assert delivery.read_back.startswith("engagement was not fetched: destination brevo: over 3 contacts changed")


def test_an_attribute_the_tool_would_ignore_refuses_until_somebody_says_why(night, sealed, started, monkeypatch):
    tool = started(FakeBrevo)
    destination = {
        "name": "brevo", "type": "brevo", "key_env": "FAKE_KEY", "url": tool.url, "lists": {"email_profiles": "7"},
    }  # fmt: skip
    monkeypatch.setattr("dagster_project.publish.destinations.brevo.brevo_field", lambda name: name.upper())
    monkeypatch.setattr("dagster_project.publish.destinations.brevo._FIELDS", {})
    sealed("r1")
    with pytest.raises(PublishError, match=r"first_name \(there FIRST_NAME\) are no attributes of the tool"):
        publish(night.home, network_of(night, destination), night.project, pace=PACE)
    assert tool.writes() == []
    override = {"guard": "unknown_fields", "by": "Jo Park", "reason": "names stay at home"}
    network = network_of(night, destination, publish={"overrides": [override]})
    publish(night.home, network, night.project, pace=PACE)
    assert set(tool.contacts["c001@example.com"]["attributes"]) == {"FAVOURITE", "LIFETIME_AMOUNT", "EXT_ID"}


def test_a_webhook_is_signed_and_names_its_rejects(night, sealed, started):
    tool = started(FakeReceiver)
    network = network_of(
        night, {"name": "hook", "type": "webhook", "key_env": "FAKE_KEY", "url": f"{tool.url}/in"}, **NO_HOLDOUT
    )
    sealed("r1", people=REFUSED)
    publish(night.home, network, night.project, pace=PACE)
    everyone = {f"c00{n}@example.com" for n in (1, 3, 4)}
    assert tool.people.keys() == everyone
    assert tool.audiences == {"email_profiles": everyone, "champions": {"c001@example.com", "c003@example.com"}}
    assert codes(night) == ["bad_address"]

    tool.told = {"suppressions": [{"email": "C001@example.com", "reason": "complained", "at": "2026-10-30T08:00:00Z"}]}
    sealed("r2", people=REFUSED)
    publish(night.home, network, night.project, pace=PACE)
    assert tool.audiences["champions"] == {"c003@example.com"}
