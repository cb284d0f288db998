from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagster_project.network import Network
from dagster_project.publish import publish
from dagster_project.publish.courier import Pace
from dagster_project.publish.ledger import Ledger
from tests.integration.gate.tiny_night import Night, make_candidate, make_project, pass_all_checks
from tests.integration.publish.fake_tool import FakeTool
from tests.integration.publish.other_tools import FakeReceiver

KEY = "a key for tests"
LISTS = {"email_profiles": "EVERY1", "champions": "CHAMP1"}
# Patient in number, not in seconds: the fake keeps nobody waiting on purpose for long.
PACE = Pace(attempts=12, wait_initial=0.001, wait_max=0.01, connect=2.0, read=0.15, poll=0.001, job=5.0, rates=())


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv("REGULARS_KEY", KEY)
    monkeypatch.setenv("FAKE_KEY", "secret-of-tests")


@pytest.fixture
def tool() -> Iterator[FakeTool]:
    tool = FakeTool(keep_bodies=True)
    yield tool
    tool.close()


@pytest.fixture
def night(tmp_path: Path) -> Night:
    night = Night(tmp_path)
    make_project(night)
    return night


def klaviyo(tool: FakeTool, name: str = "mail", **more) -> dict:
    return {"name": name, "type": "klaviyo", "key_env": "FAKE_KEY", "url": tool.url, "lists": LISTS} | more


def network_of(night: Night, *destinations: dict, publish: dict | None = None, **sections) -> Network:
    return Network(file=night.root / "network.yaml", destinations=list(destinations), publish=publish or {}, **sections)


@pytest.fixture
def sealed(night) -> Callable[..., None]:
    """Seal a run: customers c001@example.com and so on, with SQL that changes them; every other one is a champion."""

    def seal_run(run_id: str, customers: int = 4, people: str = "", marts: str = "") -> None:
        from dagster_project.validate import seal

        make_candidate(night, run_id, customers=customers, marts=marts, people=CHAMPIONS + people)
        pass_all_checks(night, run_id)
        seal(night.home, run_id, "inputs", night.project)

    return seal_run


CHAMPIONS = """
create table people.sync.sync_email_audiences as
    select 'champions' as audience, customer_id, email from people.sync.sync_email_profiles
    where row_hash is not null and cast(substr(customer_id, 2) as int) % 2 = 1;
"""


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
