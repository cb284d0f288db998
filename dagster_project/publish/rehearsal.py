"""A rehearsal of publishing, and a try of the destinations' credentials: nothing is sent or written at home."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from dagster_project.claim import claim_home
from dagster_project.errors import RegularsError
from dagster_project.home import Home
from dagster_project.network import Network, credential
from dagster_project.publish.courier import BatchRefused, Pace
from dagster_project.publish.destinations import FILES, STORES, TOOLS, store
from dagster_project.publish.difference import Wish, fill_outbox, heed_lists, want
from dagster_project.publish.ledger import open_ledger
from dagster_project.publish.prepared import Prepared, preparing
from dagster_project.publish.wishes import audiences_by_name, wish_of
from dagster_project.seal import verify_sealed

SAMPLES = 3
# A credential is tried at once or not at all: somebody is waiting for the answer.
TRYING = Pace(attempts=2, wait_initial=1.0, connect=10.0, read=20.0)


def try_destinations(network: Network) -> list[tuple[str, str | None]]:
    """(destination, why it would not take anything, or None); reads only, sends nothing."""
    audiences = audiences_by_name(network)
    tried = []
    for destination in network.destinations:
        problem = None
        try:
            wish_of(destination, audiences)
            if destination.type in STORES:
                store.preflight(destination)
            elif destination.type in TOOLS:
                tool = TOOLS[destination.type](destination, credential(destination), TRYING)
                try:
                    tool.preflight()
                finally:
                    tool.close()
        except (RegularsError, BatchRefused) as error:
            problem = str(error)
        tried.append((destination.name, problem))
    return tried


def rehearse(network: Network, project_root: Path, snapshot: Path) -> Iterator[str]:
    """What publishing a sealed snapshot would send, from what the tools have acknowledged and told so far, with masked
    samples. No request is made. Raises PublishError when a guard would refuse, as publishing does."""
    claim_home(network.home)
    is_published = snapshot.name == network.home.published_run()
    manifest = verify_sealed(snapshot, None if is_published else project_root)
    with tempfile.TemporaryDirectory(prefix="regulars-rehearsal-") as folder:
        home = _home_beside(network.home, Path(folder))
        there = home.snapshots / snapshot.name
        with preparing(home, network, project_root, there, manifest["as_of_date"], {}, Pace()) as prepared:
            for wish in prepared.wishes:
                yield from _told(prepared, wish)


def _home_beside(home: Home, folder: Path) -> Home:
    """A home that reads the real one's snapshots and has its own copy of what tools acknowledged."""
    beside = Home(folder)
    beside.snapshots.symlink_to(home.snapshots, target_is_directory=True)
    if home.published_run():
        beside.published.symlink_to(beside.snapshots / str(home.published_run()), target_is_directory=True)
    beside.state.mkdir(mode=0o700)
    if home.sync.is_dir():
        shutil.copytree(home.sync, beside.sync, ignore=shutil.ignore_patterns(".spill"))
    return beside


def _told(prepared: Prepared, wish: Wish) -> Iterator[str]:
    name = wish.destination.name
    if wish.destination.type in FILES:
        want(prepared.profiles, wish)
        count = prepared.profiles.connection.execute("select count(*) from wanted_profiles").fetchone()[0]
        yield f"{name}: a set of {count:,} profiles, {prepared.removed.get(name, 0):,} fewer of those it had"
        return
    with open_ledger(prepared.profiles.connection, prepared.home, name):
        heed_lists(prepared.profiles.connection, wish)
        want(prepared.profiles, wish)
        if not fill_outbox(prepared.profiles, wish):
            yield f"{name}: nothing, it has everything"
            return
        for action, audience, count, emails in _outbox(prepared.profiles.connection):
            such = ", ".join(mask_address(email) for email in emails)
            yield f"{name}: {action} {audience or 'profiles'}: {count:,}, such as {such}"


def _outbox(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int, list[str]]]:
    return connection.execute(
        f"""select action, audience, count(*), list(email order by seq)[1:{SAMPLES}]
            from ledger.outbox group by 1, 2 order by min(seq)"""
    ).fetchall()


def mask_address(email: str) -> str:
    """a***@e***.org of ada@example.org: enough to recognise somebody one knows, too little to write to."""
    name, _, domain = email.partition("@")
    host, _, ending = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***.{ending}"
