"""Faults and kills: whatever happens on the way, the tool ends with what it should have, and nobody it lost returns.

REGULARS_FAULT_PROFILES and REGULARS_FAULT_KILLS set the size: 100000 and 20 for the full proof. A kill is an exception
that nothing catches, thrown after a seeded number of steps: requests begun or answered, and writes of the ledger.
"""

import os
import random
from contextlib import suppress
from dataclasses import replace

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from dagster_project.publish.courier import Courier
from dagster_project.publish.ledger import Ledger
from dagster_project.publish.pending import pending_run
from tests.integration.publish.conftest import PACE, klaviyo, network_of
from tests.integration.publish.fake_tool import REFUSED_IN_JOB, SPOILS_BATCH, FakeTool
from tests.integration.publish.test_erasure import asked

PROFILES = int(os.environ.get("REGULARS_FAULT_PROFILES", "400"))
KILLS = int(os.environ.get("REGULARS_FAULT_KILLS", "6"))


# Who asked to be erased, from the second night on.
FORGET = ("c003", "c010")


class Killed(BaseException):
    """What kill -9 looks like from here."""


SPOILT = f"""
update people.sync.sync_email_profiles set email = '{SPOILS_BATCH}' || email
    where cast(substr(customer_id, 2) as int) % 997 = 0;
update people.sync.sync_email_profiles set email = '{REFUSED_IN_JOB}' || email
    where cast(substr(customer_id, 2) as int) % 499 = 1;
"""
ERASURES = asked(*(f"erase {one}@example.com" for one in FORGET))


@pytest.fixture
def killing(monkeypatch):
    """Counts every step that can be killed between: a request begun, one answered, and each write of the ledger."""
    left = {"steps": -1}

    def step():
        left["steps"] -= 1
        if left["steps"] == 0:
            raise Killed

    def counted(real):
        def call(*args, **kwargs):
            step()
            result = real(*args, **kwargs)
            step()
            return result

        return call

    monkeypatch.setattr(Courier, "_once", counted(Courier._once))
    for name in ("sending", "submitted", "done", "forget", "fold", "leave_out_rejected"):
        monkeypatch.setattr(Ledger, name, counted(getattr(Ledger, name)))
    return left


def test_after_faults_kills_and_unsubscribes_the_tool_has_what_it_should(night, sealed, killing):
    # A batch of ten thousand takes its time: a hang is longer than the longest answer, and patience lies between.
    pace = replace(PACE, read=0.15 if PROFILES <= 1_000 else 2.0)
    tool = FakeTool(fault_share=0.3, seed=7, hang_seconds=pace.read * 1.5)
    chance = random.Random(11)
    network = network_of(night, klaviyo(tool), contact={"holdout_share": 0.1})
    gone: set[str] = set()
    try:
        sealed("r1", customers=PROFILES, people=SPOILT)
        killed, calls, nights, reasons = 0, 0, 1, []
        while killed < KILLS:
            killing["steps"] = chance.randrange(1, max(150, PROFILES // 100))
            calls += 1
            is_next = False
            try:
                publish(night.home, network, night.project, pace=pace)
                is_next = True
            except Killed:
                killed += 1
                is_next = killed % 3 == 0
            except PublishError as stopped:
                reasons.append(str(stopped))
            if is_next:
                nights += 1
                sealed(f"r{nights}", customers=PROFILES, people=SPOILT + changes(nights) + ERASURES)
            if calls % 2 == 0 and len(gone) < 5:
                gone |= unsubscribe_one(tool, chance, len(gone))
        assert all("waits" in reason or "suppressions" in reason for reason in reasons)
        gone |= {email for number in range(3) for email in unsubscribe_one(tool, chance, number)}
        sealed("last", customers=PROFILES, people=SPOILT + changes(3) + ERASURES)
        killing["steps"] = -1
        for _ in range(9):
            with suppress(PublishError):
                publish(night.home, network, night.project, pace=pace)
                break
        assert (night.home.published_run(), pending_run(night.home)) == ("last", None)
        hold_what_it_should(night, tool, gone)
        before = len(tool.writes())
        publish(night.home, network, night.project, pace=pace)
        assert tool.writes()[before:] == []
    finally:
        tool.close()


def changes(number: int) -> str:
    return (
        f"update people.sync.sync_email_profiles set first_name = 'N{number}' where customer_id like '%{number % 10}';"
    )


def unsubscribe_one(tool: FakeTool, chance: random.Random, number: int) -> set[str]:
    """Somebody whom the tool has heard of says no more."""
    there = sorted(email for email, profile in list(tool.profiles.items()) if profile.suppressed_at is None)
    if not there:
        return set()
    email = chance.choice(there)
    tool.unsubscribe(email, f"2026-10-3{number % 2}T1{number}:00:00+00:00")
    return {email}


def hold_what_it_should(night, tool: FakeTool, gone: set[str]) -> None:
    people = night.home.published.resolve() / "restricted" / "people.duckdb"
    with duckdb.connect(str(people), read_only=True) as connection:
        wanted = dict(connection.execute("select email, first_name from sync.sync_email_profiles").fetchall())
        champions = {email for (email,) in connection.execute("select email from sync.sync_email_audiences").fetchall()}
    bad = {email for email in wanted if email.startswith((SPOILS_BATCH, REFUSED_IN_JOB))}
    forgotten = {f"{one}@example.com" for one in FORGET}
    good = wanted.keys() - bad - gone - forgotten
    assert set(tool.forgotten) == forgotten
    assert not forgotten & tool.profiles.keys()
    assert tool.members("EVERY1") == good
    assert {email: tool.profiles[email].attributes["first_name"] for email in good} == {e: wanted[e] for e in good}
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        left_out = {
            row[0] for row in ops.execute("select customer_id from sync_left_out where reason = 'holdout'").fetchall()
        }
    held = {email for email in champions if email.partition("@")[0] in left_out}
    assert 0 < len(held) < 0.25 * len(champions)
    assert tool.members("CHAMP1") == (champions & good) - held
    assert gone
    assert tool.ever_added_suppressed == []
    assert tool.consents_written == []
    state = night.home.sync / "mail.duckdb"
    with duckdb.connect(str(state), read_only=True) as ledger:
        acknowledged = ledger.execute(
            "select email from acknowledged where audience = '' and payload_hash <> 'in doubt'"
        ).fetchall()
        refused = {
            email for (email,) in ledger.execute("select record_hash from refused where audience = ''").fetchall()
        }
    assert {email for (email,) in acknowledged} - gone == good
    assert len(refused) == len(bad)
