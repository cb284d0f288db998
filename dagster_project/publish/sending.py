"""One tool, brought in line: open jobs first, then the outbox, then what it took is kept and looked at."""

import json
import logging
import time
from dataclasses import replace

from dagster_project.publish.courier import BatchRefused, DestinationStopped, Pace, answers_understood
from dagster_project.publish.difference import Wish, fill_outbox, heed_lists, of_location, remember_attributes, want
from dagster_project.publish.engine import deliver, finish_open_jobs
from dagster_project.publish.ledger import IN_DOUBT, Ledger
from dagster_project.publish.payload import Profiles
from dagster_project.publish.records import Delivery
from dagster_project.publish.tool import Record, Tool
from dagster_project.publish.working import literal, quoted

READ_BACK = 5
progress = logging.getLogger("regulars")


def send_to(
    ledger: Ledger, tool: Tool, wish: Wish, profiles: Profiles, pace: Pace, run_id: str, max_rejects: float
) -> Delivery:
    """Never raises what a tool does: a Delivery's reason says why the rest waits."""
    started, requests = time.monotonic(), tool.requests
    lists, name = wish.destination.lists, wish.destination.name
    delivery = Delivery(name, 0, 0, of_location(profiles, wish).rejected)
    reason = None
    try:
        with answers_understood(name):
            finish_open_jobs(ledger, tool, lists, pace)
            heed_lists(profiles.connection, wish)
            want(profiles, wish)
            if fill_outbox(profiles, wish):
                deliver(ledger, tool, lists, pace, lambda line: progress.info(f"{name}: {line}"), max_rejects)
        remember_attributes(profiles.connection, wish)
    except (DestinationStopped, BatchRefused) as error:
        reason = str(error)
    delivery = replace(_taken(ledger, delivery), reason=reason)
    if not ledger.open_ranges():
        ledger.fold()
    if reason is None:
        delivery = replace(delivery, read_back=_read_back(ledger, tool, wish, profiles, run_id))
    return replace(delivery, requests=tool.requests - requests, seconds=round(time.monotonic() - started, 3))


def _taken(ledger: Ledger, delivery: Delivery) -> Delivery:
    """What of the outbox was acknowledged, per action and audience, and who was rejected, by hash and code."""
    run = ledger.connection.execute
    done = """ledger.outbox o join ledger.ranges r on o.seq between r.first_seq and r.last_seq and r.state = 'done'
              left join ledger.failures f using (seq)"""
    counts = run(
        f"select action, audience, count(*) from {done} where f.code is null group by 1, 2 order by 2"
    ).fetchall()
    rejected = run(
        f"select distinct record_hash, f.code from {done} where f.code <> '{IN_DOUBT}' order by 1, 2"
    ).fetchall()
    members: dict[str, tuple[int, int]] = {}
    for action, audience, count in counts:
        if audience:
            added, removed = members.get(audience, (0, 0))
            members[audience] = (added + count, removed) if action == "add" else (added, removed + count)
    return replace(
        delivery,
        rows_sent=sum(count for action, _, count in counts if action == "upsert"),
        rows_removed=sum(removed for _, removed in members.values()),
        rejected=(*delivery.rejected, *rejected),
        members=members,
        erased=sum(count for action, _, count in counts if action == "erase"),
    )


def _read_back(ledger: Ledger, tool: Tool, wish: Wish, profiles: Profiles, run_id: str) -> str | None:
    """A few profiles as the tool has them, against what was sent: told, never mended, as tools may tidy values."""
    given = ", ".join(f"{literal(name)}, p.{quoted(name)}" for name in wish.attributes)
    rows = ledger.connection.execute(
        f"""select a.email, a.customer_id, json_object({given})::varchar
            from ledger.acknowledged a join profiles p using (record_hash) where a.audience = ''
            order by md5(record_hash || ?) limit {READ_BACK}""",
        [run_id],
    ).fetchall()
    records = [Record(email, customer_id, json.loads(attributes)) for email, customer_id, attributes in rows]
    try:
        with answers_understood(wish.destination.name):
            found = tool.read_back(records) if records else None
    except (DestinationStopped, BatchRefused) as error:
        return f"not read back: {error}"
    if found is None:
        return None
    same = sum(
        answer is not None and all(answer.get(name) == value for name, value in record.attributes.items())
        for record, answer in zip(records, found, strict=True)
    )
    return f"{same} of {len(records)} read back as sent"
