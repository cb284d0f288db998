"""Planted people: their addresses may stand in what is sent, and nowhere that tells what happened."""

import logging
import sys

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish, rehearse_next
from dagster_project.publish.rehearsal import mask_address
from tests.integration.publish.conftest import PACE, klaviyo, network_of
from tests.integration.publish.other_tools import FakeBrevo, FakeMailchimp, FakeReceiver
from tests.integration.publish.test_erasure import asked

CANARY = "canary"
PLANTED = """
update people.sync.sync_email_profiles set email = 'spoils-canary@nest.example' where customer_id = 'c007';
update people.sync.sync_email_profiles set email = 'refused-canary@nest.example' where customer_id = 'c011';
update people.sync.sync_email_profiles set email = 'canary no address' where customer_id = 'c012';
update people.sync.sync_email_profiles set email = 'canary@nest.example', first_name = 'Canary'
    where customer_id = 'c013';
"""


def cells(file) -> str:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return "".join(str(connection.execute(f"select * from {table}").fetchall()) for table in tables)


def telling(everything: dict[str, str]) -> list[str]:
    """Which of the texts tell of a planted person, of an address also as a URL writes it, or of a credential."""
    secrets = (CANARY, "@example.com", "%40", "secret-of-tests")
    return [name for name, text in everything.items() if any(secret in text.lower() for secret in secrets)]


def test_no_address_in_logs_ops_errors_or_output(night, tool, sealed, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    network = network_of(night, klaviyo(tool))
    told = []
    sealed("r1", customers=40, people=PLANTED)
    told += rehearse_next(network, night.project)
    assert tool.requests == []
    told.append(publish(night.home, network, night.project, pace=PACE).message)
    tool.unsubscribe("canary@nest.example", "2026-10-30T10:00:00+00:00")
    sealed("r2", customers=40, people=PLANTED)
    told.append(publish(night.home, network, night.project, pace=PACE).message)
    named = "update people.sync.sync_email_profiles set first_name = 'S{}' where customer_id < 'c015';"
    for status in (400, 403, 422, 500):
        tool.status_for = {"POST /api/profile-bulk-import-jobs": status}
        sealed(
            f"r-{status}",
            customers=41,
            people=PLANTED + named.format(status),
        )
        try:
            told.append(publish(night.home, network, night.project, pace=PACE).message)
        except PublishError as error:
            told.append(f"{error!r} {error.__cause__!r} {error.__context__!r}")

    output = capfd.readouterr()
    everything = {"logs": caplog.text, "ops": cells(night.home.ops), "out": output.out + output.err, "told": str(told)}
    assert telling(everything) == []
    assert "would send" in everything["told"]
    assert "rejected" in everything["told"]
    # The same look finds one that is there.
    assert CANARY in cells(night.home.sync / "mail.duckdb")
    assert sys.exc_info() == (None, None, None)


@pytest.mark.parametrize("status", [None, 400, 403, 500])
def test_no_tool_of_any_kind_has_its_people_or_its_key_told(night, sealed, caplog, capfd, status):
    caplog.set_level(logging.DEBUG)
    tools = [FakeMailchimp(), FakeBrevo(), FakeReceiver()]
    given = [{"type": kind, "name": kind, "key_env": "FAKE_KEY"} for kind in ("mailchimp", "brevo", "webhook")]
    try:
        listed = {"lists": {"email_profiles": "7"}}
        urls = ({"url": tools[0].url} | listed, {"url": tools[1].url} | listed, {"url": f"{tools[2].url}/in"})
        destinations = [one | url for one, url in zip(given, urls, strict=True)]
        network = network_of(night, *destinations)
        sealed("r1", customers=40, people=PLANTED)
        told = [publish(night.home, network, night.project, pace=PACE).message]
        # Now somebody asks to be forgotten, whom Brevo finds by the address alone.
        tools[1].contacts["canary@nest.example"]["attributes"].pop("EXT_ID")
        sealed("r2", customers=40, people=PLANTED + asked("erase canary@nest.example"))
        for tool in tools:
            takes = tool.refusal
            tool.refusal = lambda headers, raw, takes=takes: (status if raw else None) or takes(headers, raw)
        try:
            told.append(publish(night.home, network, night.project, pace=PACE).message)
        except PublishError as error:
            told.append(f"{error!r} {error.__cause__!r} {error.__context__!r}")
        if status is None:
            assert ("DELETE", "/v3/contacts/canary%40nest.example", 204) in tools[1].requests
    finally:
        for tool in tools:
            tool.close()
    output = capfd.readouterr()
    everything = {"logs": caplog.text, "ops": cells(night.home.ops), "out": output.out + output.err, "told": str(told)}
    assert telling(everything) == []


@pytest.mark.parametrize(
    ("address", "masked"),
    [("ada@example.org", "a***@e***.org"), ("x@mail.shop.example", "x***@m***.example")],
)
def test_a_masked_address_says_whose_it_may_be_and_not_where_to_write(address, masked):
    assert mask_address(address) == masked
