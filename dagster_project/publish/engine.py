"""The engine: works one destination's outbox off until the tool has acknowledged, or named, every record.

At least once, idempotent: a stretch is kept as submitted with its job id before anything else is sent, and as done
only when the tool has said so. After a kill at any point open jobs are asked about first, and nothing of the old
outbox is sent again; what was not acknowledged is compared anew, under the suppressions of then.
"""

import json
from collections.abc import Callable, Iterator

from dagster_project.publish.courier import BatchRefused, DestinationStopped, NotThere, Pace, wait
from dagster_project.publish.ledger import Ledger, Open
from dagster_project.publish.tool import ACTIONS, Limits, Receipt, Record, Task, Tool

TOO_LARGE = "record_too_large"
MAX_LOST = 3
# As many rejects as tell nothing of a tool.
FEW = 20
# What stands around the records of a request, generously.
_ENVELOPE = 2_000

Row = tuple[int, str, str, str | None]


def finish_open_jobs(ledger: Ledger, tool: Tool, lists: dict[str, str], pace: Pace) -> None:
    """Ask about every job that was open when a run ended, for `pace.job` seconds in all, and send nothing.

    What a job lost, refused or still has not done is in doubt: it is compared anew, under the suppressions of now.
    """
    patience = pace.job
    for stretch in ledger.open_ranges():
        rows = ledger.rows(stretch.first_seq, stretch.last_seq, stretch.last_seq - stretch.first_seq + 1)
        task = ledger.task_of(stretch, lists)
        try:
            receipt, patience = _wait_for(tool, task, stretch, _records(rows), pace, patience)
        except BatchRefused:
            receipt = None
        if receipt is not None and receipt.job_id is None:
            _done(ledger, rows, receipt)
    ledger.fold()


def deliver(
    ledger: Ledger,
    tool: Tool,
    lists: dict[str, str],
    pace: Pace,
    progress: Callable[[str], None],
    max_rejects: float,
) -> None:
    """Send the outbox: upserts, then additions, removals and erasures. Raises DestinationStopped; the ledger then tells
    how far it came.

    max_rejects: the share of the outbox a tool may refuse, FEW at least; beyond it the tool is unwell, not the records.
    """
    ledger.bear_rejects(max(FEW, int(max_rejects * ledger.outbox_rows())))
    for action in ACTIONS:
        for audience, first, last in ledger.segments(action):
            if action == "erase":
                _erase(ledger, tool, (first, last))
            else:
                _deliver_segment(ledger, tool, Task(action, audience, lists.get(audience, "")), (first, last), pace)
            progress(f"{action} {audience or 'profiles'}: {last - first + 1:,} records")
        if action == "upsert":
            ledger.leave_out_rejected()


def _deliver_segment(ledger: Ledger, tool: Tool, task: Task, span: tuple[int, int], pace: Pace) -> None:
    at_work: list[Open] = []
    for rows, records, encoded in _batches(ledger, tool, task, span):
        at_work += _send(ledger, tool, task, rows, records, encoded)
        while len(at_work) >= tool.in_flight:
            _settle(ledger, tool, task, at_work.pop(0), pace)
    for stretch in at_work:
        _settle(ledger, tool, task, stretch, pace)
    if any(span[0] <= stretch.first_seq <= span[1] for stretch in ledger.open_ranges()):
        raise DestinationStopped(f"jobs are still at work after {pace.job:.0f} seconds; the next run asks about them")


def _erase(ledger: Ledger, tool: Tool, span: tuple[int, int]) -> None:
    """One by one, as tools take it. Whom a tool does not know it has forgotten."""
    for seq, email, customer_id, _ in ledger.rows(*span, span[1] - span[0] + 1):
        rejected = {}
        try:
            tool.erase(Record(email, customer_id))
        except NotThere:
            pass
        except BatchRefused as refused:
            rejected = {seq: refused.code}
        ledger.done(seq, seq, rejected)


def _batches(
    ledger: Ledger, tool: Tool, task: Task, span: tuple[int, int]
) -> Iterator[tuple[list[Row], list[Record], list[str]]]:
    """As many records as the tool allows, by count and bytes; one too large for it is a rejected record."""
    limits = tool.limits(task)
    first, last = span
    while rows := ledger.rows(first, last, limits.records):
        batch: tuple[list[Row], list[Record], list[str]] = ([], [], [])
        size = _ENVELOPE
        for row, record in zip(rows, _records(rows), strict=True):
            text = tool.encode(task, record)
            length = len(text.encode()) + 1
            if _is_too_large(length, limits):
                if batch[0]:
                    break
                ledger.done(row[0], row[0], {row[0]: TOO_LARGE})
                first = row[0] + 1
                continue
            if size + length > limits.bytes:
                break
            size += length
            for part, value in zip(batch, (row, record, text), strict=True):
                part.append(value)
        if batch[0]:
            yield batch
            first = batch[0][-1][0] + 1


def _is_too_large(length: int, limits: Limits) -> bool:
    return length > limits.record_bytes or length + _ENVELOPE > limits.bytes


def _send(
    ledger: Ledger, tool: Tool, task: Task, rows: list[Row], records: list[Record], encoded: list[str]
) -> list[Open]:
    """Submit a batch, halving it while the tool refuses it, down to the bad record; the jobs it became."""
    first, last = rows[0][0], rows[-1][0]
    ledger.sending(first, last)
    try:
        receipt = tool.submit(task, records, encoded)
    except BatchRefused as refused:
        return _halve(ledger, tool, task, rows, refused.code)
    if receipt.job_id is not None:
        ledger.submitted(first, last, receipt.job_id)
        return [Open(first, last, receipt.job_id)]
    _done(ledger, rows, receipt)
    return []


def _halve(ledger: Ledger, tool: Tool, task: Task, rows: list[Row], code: str) -> list[Open]:
    if len(rows) == 1:
        ledger.done(rows[0][0], rows[0][0], {rows[0][0]: code})
        return []
    middle = len(rows) // 2
    at_work = []
    for half in (rows[:middle], rows[middle:]):
        records = _records(half)
        at_work += _send(ledger, tool, task, half, records, [tool.encode(task, record) for record in records])
    return at_work


def _settle(ledger: Ledger, tool: Tool, task: Task, stretch: Open, pace: Pace, lost: int = 0) -> None:
    """Wait for a job; one that the tool lost or that failed for a record it does not name is sent anew."""
    rows = ledger.rows(stretch.first_seq, stretch.last_seq, stretch.last_seq - stretch.first_seq + 1)
    records = _records(rows)
    try:
        receipt, _ = _wait_for(tool, task, stretch, records, pace, pace.job)
    except BatchRefused as refused:
        ledger.forget(stretch)
        again = _halve(ledger, tool, task, rows, refused.code)
    else:
        if receipt is None:
            return
        if receipt.job_id is None:
            _done(ledger, rows, receipt)
            return
        ledger.forget(stretch)
        lost += 1
        if lost > MAX_LOST:
            raise DestinationStopped(f"the tool lost the same job {lost} times; publish again later")
        again = _send(ledger, tool, task, rows, records, [tool.encode(task, record) for record in records])
    for part in again:
        _settle(ledger, tool, task, part, pace, lost)


def _wait_for(
    tool: Tool, task: Task, stretch: Open, records: list[Record], pace: Pace, patience: float
) -> tuple[Receipt | None, float]:
    """What became of a job, None when it is at work after `patience` seconds; and the patience that is left."""
    while True:
        receipt = tool.poll(task, stretch.job_id, records)
        if receipt is not None or patience <= 0:
            return receipt, patience
        wait(pace.poll)
        patience -= pace.poll


def _records(rows: list[Row]) -> list[Record]:
    return [Record(email, customer, json.loads(payload) if payload else {}) for _, email, customer, payload in rows]


def _done(ledger: Ledger, rows: list[Row], receipt: Receipt) -> None:
    rejected = {rows[place][0]: code for place, code in receipt.rejected.items()}
    ledger.done(rows[0][0], rows[-1][0], rejected)
