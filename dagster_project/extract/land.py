"""Landing: every file of the landing zone is read once, and each of its rows accounted for."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.errors import RegularsError, UnreadableFile
from dagster_project.extract.contract_language import Contract
from dagster_project.extract.contracts import contracts_of, fingerprint
from dagster_project.extract.landing_file import FileInLanding, part_key, part_path
from dagster_project.extract.ledger import Entry, read_ledger, write_ledger
from dagster_project.extract.listing import LandingFile, input_path, list_inputs
from dagster_project.extract.locations import Location, context_of, known_locations, reading_connection
from dagster_project.extract.reading import open_table
from dagster_project.extract.recognise import recognise
from dagster_project.extract.supersede import age
from dagster_project.extract.tables import Table
from dagster_project.extract.typing_batches import BATCH_FILES, TypingBatches
from dagster_project.home import Home
from dagster_project.network import Network

# Raised when landing itself would give other rows for the same bytes and contracts.
LANDING_VERSION = "12"
_LOCATIONS_NAMED = 5
_DAY_NS = 86_400 * 10**9

Progress = Callable[[str], None]
Opened = tuple[Table, Contract] | UnreadableFile


def land_files(network: Network, progress: Progress = lambda line: None) -> list[Entry]:
    """Bring `lake/landed/` and the ledger in line with the landing zone; the ledger's entries, by path.

    A file seen before is not opened; one that cannot be read is set aside with its reason. What a kill
    leaves undone is done by the next call. Raises RegularsError when a location's files have vanished altogether.
    """
    contracts = contracts_of(network)
    before = read_ledger(network.home)
    files = list_inputs(network, {e.path: (e.size, e.modified_ns, e.sha256) for e in before})
    vanished = vanished_locations(network, before, {file.folder for file in files})
    if vanished:
        raise RegularsError(vanished)
    unique, doubles = _split_doubles(files)
    landing = _Landing(network, contracts, before, progress)
    # Locations first: whether a row's location is known, and in which zone, depends on them.
    first = [file for file in unique if landing.feed_of(file) == "locations"]
    landing.land(first, {})
    known = known_locations(network, landing.current_paths("locations"))
    landing.land([file for file in unique if file not in first], known)
    for file, original in doubles:
        landing.entries[file.path] = _double(file, landing.entries[original.path])
    there = {file.path for file in files}
    landing.entries |= {entry.path: entry.deleted() for entry in before if entry.file_path not in there}
    landing.save()
    _remove_stale(network.home, {e.file_key for e in landing.entries.values() if e.is_current})
    return sorted(landing.entries.values(), key=lambda e: e.path)


def vanished_locations(network: Network, before: list[Entry], there: set[str]) -> str | None:
    """Why a run is refused when all files of a location are gone: a mount that failed, until network.yaml says
    otherwise. Its rows stand, and so does what is published."""
    sent = {e.location_id for e in before if e.rows_landed or e.rows_duplicate}
    had = Counter(e.location_id for e in before if e.status != "deleted" and not e.part and e.location_id in sent)
    gone = sorted(had.keys() - there - set(network.vanished_locations))
    if not gone:
        return None
    told = ", ".join(f"{location} ({had[location]:,} files)" for location in gone[:_LOCATIONS_NAMED])
    more = f" and {len(gone) - _LOCATIONS_NAMED} more locations" if len(gone) > _LOCATIONS_NAMED else ""
    return (
        f"{network.landing}: all files of {told}{more} are gone since the last run; put them back, or, if their "
        f"rows shall go too, say `vanished_locations: [{', '.join(gone)}]` in network.yaml"
    )


class _Landing:
    """One pass over the landing zone: what is known of its files from before, and what they become now."""

    def __init__(self, network: Network, contracts: dict[str, Contract], before: list[Entry], progress: Progress):
        self.network, self.home, self.progress = network, network.home, progress
        self.contracts = contracts
        settings = json.dumps([network.sources, network.network.timezone, network.network.currency], sort_keys=True)
        self.rules = f"{LANDING_VERSION}-{duckdb.__version__}-{fingerprint(self.contracts)}-{settings}"
        self.before = {e.file_key: e for e in before if e.rules == self.rules and e.status in ("landed", "rejected")}
        self.entries: dict[str, Entry] = {}
        self._opened: dict[str, Opened] = {}
        self._recognised: dict[tuple[tuple[str, ...], str | None], Contract | None] = {}

    def feed_of(self, file: LandingFile) -> str | None:
        """The feed a file lands in, as remembered or by its header; None when it cannot be read."""
        entries = self._remembered(file)
        if entries:
            return entries[0].feed
        opened = self._open(file)
        return opened[1].feed if isinstance(opened, tuple) else None

    def land(self, files: list[LandingFile], known: dict[str, Location]) -> None:
        """Keep what landed before under the same circumstances, and land the rest."""
        fresh = []
        for file in files:
            entries = self._remembered(file)
            if entries and all(context_of(_mentioned(e), known) == e.locations for e in entries):
                self.entries |= {e.path: e for e in entries}
            else:
                fresh.append(file)
        if not fresh:
            return
        with reading_connection(self.network, known) as connection:
            batches = TypingBatches(connection, known)
            for number, file in enumerate(fresh, start=1):
                self._land_one(file, batches)
                if number % BATCH_FILES == 0:
                    self.entries |= batches.entries
                    self.save()
                    self.progress(f"landed {number:,} of {len(fresh):,} new files")
            self.entries |= batches.finish()

    def current_paths(self, feed: str) -> list[Path]:
        """The landed files of a feed, the oldest delivery first."""
        current = [e for e in self.entries.values() if e.feed == feed and e.is_current]
        return [_landed_path(self.home, e) for e in sorted(current, key=age)]

    def save(self) -> None:
        write_ledger(self.home, self.entries.values())

    def _land_one(self, file: LandingFile, batches: TypingBatches) -> None:
        blank = Entry(
            path=file.path,
            location_id=file.folder,
            sha256=file.sha256,
            size=file.size,
            modified_ns=file.modified_ns,
            file_key=file.file_key,
            folder_date=file.folder_date,
            rules=self.rules,
        )
        opened = self._open(file)
        if isinstance(opened, UnreadableFile):
            self.entries[file.path] = blank.set_aside(str(opened))
        else:
            batches.add(file, FileInLanding(self.home, blank, *opened))

    def _remembered(self, file: LandingFile) -> list[Entry]:
        """The entries of the same content, one per feed it lands in, when their landed rows are still there."""
        entry = self.before.get(file.file_key)
        if entry is None:
            return []
        contract = self.contracts.get(entry.contract or "")
        # A reason names its path, and a business date may come from the folder: looked at again elsewhere.
        is_moved = entry.path != file.path and (not entry.is_current or entry.folder_date != file.folder_date)
        # Rows may have been rejected as later than the delivery, or dated by it: another day judges them anew.
        by_delivery = entry.rows_rejected or (contract is not None and contract.reads_delivery)
        if is_moved or (by_delivery and entry.modified_ns // _DAY_NS != file.modified_ns // _DAY_NS):
            return []
        parts = contract.parts if contract and entry.is_current else []
        found = [entry, *(self.before.get(part_key(file.file_key, part)) for part in parts)]
        if any(e is None or (e.is_current and not _landed_path(self.home, e).is_file()) for e in found):
            return []
        now = {"size": file.size, "modified_ns": file.modified_ns, "folder_date": file.folder_date}
        paths = [file.path, *(part_path(file.path, part) for part in parts)]
        return [replace(e, path=path, **now) for e, path in zip(found, paths, strict=True)]

    def _open(self, file: LandingFile) -> Opened:
        """The file's head and contract, or why there is none; looked at once."""
        if file.path not in self._opened:
            try:
                if not file.folder:
                    raise UnreadableFile(
                        f"{file.path}: lies outside a location's folder; move it into <location_id>/ or hq/"
                    )
                if file.problem:
                    raise UnreadableFile(f"{file.path}: {file.problem}")
                path, pin = input_path(self.network, file.container), self.network.sources.get(file.folder)
                table = open_table(path, file.path, file.member, lambda header: bool(self._contract_of(header, pin)))
                contract = self._contract_of(table.header, pin)
                self._opened[file.path] = (table, contract or recognise(file.path, table.header, self.contracts, pin))
            except UnreadableFile as reason:
                self._opened[file.path] = reason
        return self._opened[file.path]

    def _contract_of(self, header: tuple[str, ...], pin: str | None) -> Contract | None:
        """The contract of a header; looked for once."""
        if (header, pin) not in self._recognised:
            try:
                self._recognised[header, pin] = recognise("", header, self.contracts, pin)
            except UnreadableFile:
                self._recognised[header, pin] = None
        return self._recognised[header, pin]


def _mentioned(entry: Entry) -> list[str]:
    return [attributes[0] for attributes in json.loads(entry.locations)]


def _split_doubles(files: list[LandingFile]) -> tuple[list[LandingFile], list[tuple[LandingFile, LandingFile]]]:
    """Files by distinct content, and the others with their original: the one in the latest dated folder."""
    originals: dict[str, LandingFile] = {}
    for file in files:
        original = originals.setdefault(file.file_key, file)
        if (file.folder_date or date.min) > (original.folder_date or date.min):
            originals[file.file_key] = file
    doubles = [(file, originals[file.file_key]) for file in files if originals[file.file_key] is not file]
    return sorted(originals.values(), key=lambda f: f.path), doubles


def _double(file: LandingFile, original: Entry) -> Entry:
    return replace(
        original,
        path=file.path,
        size=file.size,
        modified_ns=file.modified_ns,
        folder_date=file.folder_date,
        status="duplicate",
        reason=f"{file.path}: the same content as {original.path}",
        rows_landed=0,
        rows_duplicate=original.rows_read,
        rows_rejected=0,
        values_unreadable=0,
    )


def _landed_path(home: Home, entry: Entry) -> Path:
    return home.landed(entry.feed or "") / f"{entry.file_key}.parquet"


def _remove_stale(home: Home, current: set[str]) -> None:
    """What landing wrote of files that are in the landing zone no more."""
    for path in [*home.lake.glob("landed/*/*"), *home.rejected.glob("*"), *home.unreadable.glob("*")]:
        if path.stem not in current:
            path.unlink()
