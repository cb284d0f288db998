"""The engine over a real ledger and a scripted tool: sizes of batches, order, lost jobs, what is read back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.outbound import Destination
from dagster_project.publish.courier import DestinationStopped, Pace
from dagster_project.publish.difference import Wish
from dagster_project.publish.engine import MAX_LOST, TOO_LARGE, deliver, finish_open_jobs
from dagster_project.publish.ledger import Ledger, open_ledger
from dagster_project.publish.payload import Profiles
from dagster_project.publish.sending import READ_BACK, _read_back
from dagster_project.publish.tool import Limits, Receipt, Record, Task

PACE = Pace(poll=0.0, job=0.0)
ENVELOPE = 2_000


@dataclass
class Scripted:
    """Takes batches at once, or as jobs that `polls` tells of; keeps what it was sent, in order."""

    size: Limits = field(default_factory=lambda: Limits(1_000, 1_000_000, 1_000_000))
    polls: Callable[[str], Receipt | None] | None = None
    in_flight: int = 2
    sent: list[tuple[str, str, list[str]]] = field(default_factory=list)
    has: Callable[[Record], dict | None] = lambda record: record.attributes
    asked_back: list[str] = field(default_factory=list)

    def limits(self, task: Task) -> Limits:
        return self.size

    def encode(self, task: Task, record: Record) -> str:
        return json.dumps(record.attributes or record.email, ensure_ascii=False)

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        self.sent.append((task.action, task.audience, [record.customer_id for record in records]))
        return Receipt() if self.polls is None else Receipt(job_id=f"job {len(self.sent)}")

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        return self.polls(job_id)

    def read_back(self, records: list[Record]) -> list[dict | None]:
        self.asked_back = [record.customer_id for record in records]
        return [self.has(record) for record in records]


@pytest.fixture
def ledger(tmp_path) -> Iterator[Ledger]:
    (tmp_path / "state" / "sync").mkdir(parents=True)
    with duckdb.connect() as connection, open_ledger(connection, Home(tmp_path), "mail") as ledger:
        yield ledger


def fill(ledger: Ledger, *rows: tuple[str, str, str], payload: str | None = None) -> None:
    """(action, audience, customer) in the order they stand in the outbox."""
    for seq, (action, audience, who) in enumerate(rows, 1):
        ledger.connection.execute(
            "insert into ledger.outbox values (?, ?, ?, ?, ?, ?, ?, ?)",
            [seq, action, audience, f"hash of {who}", f"{who}@example.com", who, payload, "member"],
        )


def work_off(ledger: Ledger, tool: Scripted) -> None:
    deliver(ledger, tool, {}, PACE, lambda line: None, max_rejects=1.0)


def test_a_batch_holds_as_many_bytes_as_the_tool_takes_and_no_more(ledger):
    # 99 bytes and a comma: letters of two bytes each, nine of signs.
    payload = json.dumps({"x": "é" * 45})
    fill(ledger, *(("upsert", "", f"c{n}") for n in range(7)), payload=payload)
    tool = Scripted(Limits(records=1_000, bytes=ENVELOPE + 300, record_bytes=1_000))
    work_off(ledger, tool)
    assert [who for *_, who in tool.sent] == [["c0", "c1", "c2"], ["c3", "c4", "c5"], ["c6"]]


def test_a_batch_holds_as_many_records_as_the_tool_takes_and_no_more(ledger):
    fill(ledger, *(("upsert", "", f"c{n}") for n in range(5)))
    tool = Scripted(Limits(records=2, bytes=1_000_000, record_bytes=1_000))
    work_off(ledger, tool)
    assert [who for *_, who in tool.sent] == [["c0", "c1"], ["c2", "c3"], ["c4"]]


@pytest.mark.parametrize("limits", [Limits(1_000, 1_000_000, 60), Limits(1_000, ENVELOPE + 60, 1_000)])
def test_a_record_that_fits_into_no_request_is_named_and_not_sent(ledger, limits):
    fill(ledger, ("upsert", "", "small"))
    large = json.dumps({"x": "a" * 90})
    insert = "insert into ledger.outbox values (?, 'upsert', '', ?, ?, ?, ?, 'x')"
    for seq, who, payload in ((2, "large", large), (3, "next", None)):
        ledger.connection.execute(insert, [seq, f"hash of {who}", f"{who}@example.com", who, payload])
    tool = Scripted(limits)
    work_off(ledger, tool)
    assert [one for *_, who in tool.sent for one in who] == ["small", "next"]
    assert ledger.connection.execute("select * from ledger.failures").fetchall() == [(2, TOO_LARGE)]


def test_profiles_come_before_lists_and_who_changes_lists_is_added_before_they_are_removed(ledger):
    fill(ledger, ("remove", "a", "c1"), ("add", "b", "c1"), ("upsert", "", "c1"))
    tool = Scripted()
    work_off(ledger, tool)
    assert [(action, audience) for action, audience, _ in tool.sent] == [("upsert", ""), ("add", "b"), ("remove", "a")]


def test_a_job_that_the_tool_lost_is_sent_again_and_counts_once_it_is_found(ledger):
    fill(ledger, ("upsert", "", "c1"))
    tool = Scripted(polls=lambda job: Receipt(job_id=job) if job == "job 1" else Receipt())
    work_off(ledger, tool)
    assert len(tool.sent) == 2
    ledger.fold()
    assert ledger.connection.execute("select customer_id from ledger.acknowledged").fetchall() == [("c1",)]


def test_a_tool_that_loses_every_job_is_left_and_what_it_may_have_is_in_doubt(ledger):
    fill(ledger, ("upsert", "", "c1"))
    tool = Scripted(polls=lambda job: Receipt(job_id=job))
    with pytest.raises(DestinationStopped, match=f"lost the same job {MAX_LOST + 1} times"):
        work_off(ledger, tool)
    assert len(tool.sent) == MAX_LOST + 1
    assert ledger.open_ranges() == []
    ledger.fold()
    assert ledger.connection.execute("select payload_hash from ledger.acknowledged").fetchall() == [("in doubt",)]


def test_a_job_of_a_killed_run_that_the_tool_lost_is_not_sent_before_everything_is_compared_anew(ledger):
    fill(ledger, ("add", "a", "c1"))
    ledger.sending(1, 1)
    ledger.submitted(1, 1, "job of last night")
    tool = Scripted(polls=lambda job: Receipt(job_id=job))
    finish_open_jobs(ledger, tool, {}, PACE)
    assert tool.sent == []
    assert ledger.open_ranges() == []
    assert ledger.connection.execute("select payload_hash from ledger.acknowledged").fetchall() == [("in doubt",)]


def test_a_job_that_never_ends_stops_its_destination_and_is_asked_about_again(ledger):
    fill(ledger, ("upsert", "", "c1"))
    tool = Scripted(polls=lambda job: None)
    with pytest.raises(DestinationStopped, match="still at work"):
        work_off(ledger, tool)
    assert [one.job_id for one in ledger.open_ranges()] == ["job 1"]


def read_back(ledger: Ledger, tool: Scripted, run_id: str) -> str | None:
    run = ledger.connection.execute
    made = "select 'h' || i as record_hash, 'Ada' as first_name from range(40) t(i)"
    run(f"create or replace temp table profiles as {made}")
    run("delete from ledger.acknowledged")
    run("insert into ledger.acknowledged select '', 'h' || i, i || '@example.com', 'c' || i, 'x' from range(40) t(i)")
    wish = Wish(Destination(name="mail", type="file"), ("email_profiles",), ("first_name",))
    profiles = Profiles(ledger.connection, ("first_name",), 40, ())
    return _read_back(ledger, tool, wish, profiles, run_id)


def test_a_few_others_are_read_back_each_night_and_the_same_for_the_same(ledger):
    tool, seen = Scripted(), []
    for run_id in ("r1", "r2", "r1"):
        assert read_back(ledger, tool, run_id) == f"{READ_BACK} of {READ_BACK} read back as sent"
        seen.append(tool.asked_back)
    assert len(set(seen[0])) == READ_BACK
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize("other", [None, {"first_name": "Grace"}, {}])
def test_what_a_tool_has_otherwise_is_told(ledger, other):
    odd = []

    def one_is_odd(record: Record) -> dict | None:
        odd.append(record)
        return other if len(odd) == 1 else record.attributes

    assert read_back(ledger, Scripted(has=one_is_odd), "r1") == f"{READ_BACK - 1} of {READ_BACK} read back as sent"
