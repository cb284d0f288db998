"""A publishing run, prepared: suppressions fetched, everything compared and guarded. Then files, then tools.

Whatever can refuse has refused before `preparing` yields; nothing has left by then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from dagster_project.audiences import Audience
from dagster_project.home import Home
from dagster_project.network import Network, hash_key
from dagster_project.outbound import EVERYONE
from dagster_project.publish.contacts import allow_members, read_budgets, reserve_contacts, settle_contacts
from dagster_project.publish.courier import BatchRefused, DestinationStopped, Pace, answers_understood
from dagster_project.publish.destinations import STORES, file, store
from dagster_project.publish.difference import Wish, compare, scoped, want
from dagster_project.publish.guards import Difference, Finding, findings, judge_findings, refuse
from dagster_project.publish.ledger import MEMBERS_HELD, open_ledger
from dagster_project.publish.payload import Profiles, read_profiles
from dagster_project.publish.records import Delivery, record_guards, record_left_out
from dagster_project.publish.sending import send_to
from dagster_project.publish.suppressions import fetch_engagement, fetch_suppressions
from dagster_project.publish.tool import Fields, Tool
from dagster_project.publish.wishes import audiences_by_name, unknown_fields, wish_of
from dagster_project.publish.working import working_connection


@dataclass
class Prepared:
    home: Home
    network: Network
    snapshot: Path
    as_of_date: date
    profiles: Profiles
    wishes: list[Wish]
    tools: dict[str, Tool]
    pace: Pace
    stopped: dict[str, str]
    removed: dict[str, int]
    deliveries: list[Delivery] = field(default_factory=list)

    def deliver_files(self) -> None:
        """Files for people lie in the snapshot itself, before it is published."""
        is_published = self.home.published_run() == self.snapshot.name
        for wish in self.wishes:
            if wish.destination.type == "file":
                name, profiles = wish.destination.name, scoped(self.profiles, wish)
                file.deliver(self.snapshot, name, profiles, is_published)
                self.deliveries.append(Delivery(name, profiles.rows, self.removed.get(name, 0), profiles.rejected))

    def send(self) -> list[Delivery]:
        """Bring every tool in line with the snapshot, which is published by now; one that stops holds no other back."""
        reserve_contacts(self.profiles.connection, self.as_of_date)
        record_left_out(self.home, self.profiles.connection, self.as_of_date)
        for wish in self.wishes:
            if wish.destination.type in STORES:
                self.deliveries.append(self._send_set(wish))
            elif wish.destination.name in self.tools:
                self.deliveries.append(self._with_engagement(self._send_to_tool(wish)))
            else:
                settle_contacts(self.profiles.connection, wish.destination.name, "allowed_members")
        return self.deliveries

    def _send_to_tool(self, wish: Wish) -> Delivery:
        name, profiles = wish.destination.name, self.profiles
        with open_ledger(profiles.connection, self.home, name) as ledger:
            if name in self.stopped:
                sent = Delivery(name, 0, 0, (), self.stopped[name])
            else:
                share = self.network.publish.max_rejects
                sent = send_to(ledger, self.tools[name], wish, profiles, self.pace, self.snapshot.name, share)
            settle_contacts(profiles.connection, name, MEMBERS_HELD)
        return sent

    def _with_engagement(self, sent: Delivery) -> Delivery:
        """Opens, clicks and bounces since the last night, for the next one; what cannot be fetched is told."""
        if sent.reason is not None:
            return sent
        tool = self.tools[sent.destination]
        try:
            with answers_understood(sent.destination):
                fetch_engagement(self.profiles.connection, self.home, sent.destination, tool)
        except (DestinationStopped, BatchRefused) as error:
            return replace(sent, read_back=f"{sent.read_back or ''}; engagement was not fetched: {error}".lstrip("; "))
        return sent

    def _send_set(self, wish: Wish) -> Delivery:
        name, profiles = wish.destination.name, scoped(self.profiles, wish)
        try:
            with answers_understood(name):
                is_sent = store.deliver(self.home, wish.destination, self.snapshot.name, profiles)
        except DestinationStopped as error:
            settle_contacts(profiles.connection, name, "(from allowed_members limit 0)")
            return Delivery(name, 0, 0, profiles.rejected, str(error))
        settle_contacts(profiles.connection, name, "allowed_members")
        rows, removed = (profiles.rows, self.removed.get(name, 0)) if is_sent else (0, 0)
        return Delivery(name, rows, removed, profiles.rejected)


@contextmanager
def preparing(
    home: Home,
    network: Network,
    project_root: Path,
    snapshot: Path,
    as_of_date: str,
    tools: dict[str, Tool],
    pace: Pace,
) -> Iterator[Prepared]:
    """Raises PublishError when a guard refuses that nobody has set aside."""
    day = date.fromisoformat(as_of_date)
    audiences = audiences_by_name(network)
    wanted = [wish_of(destination, audiences) for destination in network.destinations]
    with working_connection(home, hash_key(network)) as connection:
        stopped, known, found = _ask_tools(connection, home, snapshot.name, tools)
        profiles = read_profiles(connection, snapshot, project_root)
        wishes = []
        for wish in wanted:
            surplus, left = unknown_fields(wish, profiles, known.get(wish.destination.name))
            found += surplus
            wishes.append(replace(wish, attributes=left))
        priorities = {audience.name: audience.priority for audience in audiences.values()}
        read_budgets(connection, snapshot)
        key = hash_key(network)
        allow_members(connection, wishes, priorities, network.contact, key, day, profiles.columns, stopped)
        removed = {}
        for wish in wishes:
            differences = _differences(home, profiles, wish)
            removed[wish.destination.name] = differences[EVERYONE].removed
            found += _findings(network, wish, differences, audiences)
        judged = judge_findings(found, network.publish.overrides, day)
        record_guards(home, snapshot.name, judged)
        refuse(judged)
        yield Prepared(home, network, snapshot, day, profiles, wishes, tools, pace, stopped, removed)


def _ask_tools(
    connection: duckdb.DuckDBPyConnection, home: Home, run_id: str, tools: dict[str, Tool]
) -> tuple[dict[str, str], dict[str, Fields | None], list[Finding]]:
    """Why a tool cannot be reached tonight, the fields each has, and what the suppressions' age refuses."""
    stopped, known = {}, {}
    for name, tool in sorted(tools.items()):
        try:
            with answers_understood(name):
                known[name] = tool.preflight()
        except (DestinationStopped, BatchRefused) as error:
            stopped[name] = str(error)
    now = datetime.now(UTC).replace(tzinfo=None)
    return stopped, known, fetch_suppressions(connection, home, run_id, tools, stopped, now)


def _differences(home: Home, profiles: Profiles, wish: Wish) -> dict[str, Difference]:
    name = wish.destination.name
    if wish.destination.type == "file":
        return file.compare(_published(home), name, scoped(profiles, wish))
    if wish.destination.type in STORES:
        return file.compare_with(store.last_set(home, name), scoped(profiles, wish))
    with open_ledger(profiles.connection, home, name):
        want(profiles, wish)
        return compare(profiles, wish)


def _findings(
    network: Network, wish: Wish, differences: dict[str, Difference], audiences: dict[str, Audience]
) -> list[Finding]:
    found = []
    for audience, difference in differences.items():
        turnover = audiences[audience].turnover if audience in audiences else "stable"
        found += findings(wish.destination.name, difference, network.publish, audience, turnover)
    return found


def _published(home: Home) -> Path | None:
    run = home.published_run()
    return home.snapshots / run if run else None
