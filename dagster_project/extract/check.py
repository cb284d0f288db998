"""A rehearsal of landing: what each file would become. It lands beside the network's home and forgets it again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contracts import contracts_of
from dagster_project.extract.drift import drift_of, with_moves
from dagster_project.extract.land import land_files, vanished_locations
from dagster_project.extract.ledger import Entry, read_ledger
from dagster_project.extract.listing import HEADQUARTERS, RETURNED
from dagster_project.extract.mirror import bring_in
from dagster_project.extract.propose import propose_contract
from dagster_project.extract.reading import open_table
from dagster_project.extract.recognise import allowed_contracts, nearly
from dagster_project.extract.supersede import settle_deliveries
from dagster_project.extract.tables import Rows, stream_rows
from dagster_project.home import Home
from dagster_project.network import Network

FIRST_REJECTS = 3
SAMPLE_ROWS = 50_000
# Headers that share most of their names are one export's.
ALIKE = 0.7


def check_landing(network: Network) -> Iterator[str]:
    """Per file its contract, feed, rows, first rejects and drift, or why it would be set aside; for a header that no
    contract knows, a contract to start from. Nothing is written to the network's home."""
    with tempfile.TemporaryDirectory(prefix="regulars-check-") as folder:
        paths = network.paths.model_copy(update={"home": folder})
        rehearsal = network.model_copy(update={"paths": paths})
        bring_in(rehearsal)
        entries = with_moves(settle_deliveries(rehearsal.home, land_files(rehearsal)))
        proposing = _Proposing(rehearsal)
        # The franchisor's lists tell who the customers of receipts are.
        for entry in sorted(entries, key=lambda e: e.location_id != HEADQUARTERS):
            yield from _tell(rehearsal.home, entry) if entry.contract else proposing.set_aside(entry)
        yield from _two_scopes(network, entries)
    yield from _gone(network, entries)
    known = sum(entry.contract is not None for entry in entries)
    yield f"{known} files recognised, {len(entries) - known} would be set aside; nothing was written"


def _gone(network: Network, entries: list[Entry]) -> Iterator[str]:
    """What the last run had and the landing zone has no more, and whether a run is refused for it."""
    # What tools returned lies in the home, where a rehearsal does not look.
    before = [entry for entry in read_ledger(network.home) if not entry.path.startswith(f"{RETURNED}/")]
    there = {entry.file_path for entry in entries}
    for entry in before:
        if entry.file_path not in there and entry.status != "deleted":
            yield f"gone       {entry.deleted().reason}"
    vanished = vanished_locations(network, before, {entry.location_id for entry in entries})
    if vanished:
        yield f"a run would be refused: {vanished}"


def _tell(home: Home, entry: Entry) -> Iterator[str]:
    counts = f"{entry.rows_read:,} rows, {entry.rows_landed:,} land"
    counts += f", {entry.rows_duplicate:,} duplicate" if entry.rows_duplicate else ""
    counts += f", {entry.rows_rejected:,} rejected" if entry.rows_rejected else ""
    counts += f", {entry.values_unreadable:,} values unreadable" if entry.values_unreadable else ""
    yield f"{entry.contract} -> {entry.feed}  {entry.path}  ({counts})"
    if entry.is_current and entry.reason:
        yield f"    in doubt: {entry.reason}"
    for drift in drift_of(entry):
        yield f"    drift: {drift.change} {drift.column!r}{f' {drift.detail!r}' if drift.detail else ''}"
    if entry.is_current and entry.rows_rejected:
        yield from _first_rows(home.rejected / f"{entry.file_key}.parquet", "")
    if entry.is_current and entry.values_unreadable:
        yield from _first_rows(home.unreadable / f"{entry.file_key}.parquet", "lands without ")


def _first_rows(noted: Path, what: str) -> Iterator[str]:
    rows = duckdb.execute(
        """select line, "column", reason from read_parquet(?)
           where reason not like 'skipped: %' order by line, "column" limit ?""",
        [str(noted), FIRST_REJECTS],
    ).fetchall()
    for row, column, reason in rows:
        yield f"    row {row}{f', {what}{column}' if column else ''}: {reason}"
    skipped = (
        "select count(*), reason from read_parquet(?) where reason like 'skipped: %' group by reason order by reason"
    )
    for count, reason in duckdb.execute(skipped, [str(noted)]).fetchall():
        yield f"    {count:,} rows {reason}"


def _two_scopes(network: Network, entries: list[Entry]) -> Iterator[str]:
    """Sources whose lists of customers are the network's, while the ids on their receipts are each location's."""
    contracts = contracts_of(network)
    used = [contracts[name] for name in sorted({e.contract for e in entries if e.contract}) if name in contracts]
    of_network = {c.source: c.name for c in used if c.feed == "customers" and c.customer_id_scope == "network"}
    for contract in used:
        counts_here = contract.customer_id_scope == "location" and "source_customer_id" in contract.columns
        if counts_here and contract.feed != "customers" and contract.source in of_network:
            yield (
                f"in doubt: {of_network[contract.source]} lists the whole network's customers, but an id in "
                f"{contract.name} counts at its location alone, so nobody listed is found buying; say "
                "customer_id_scope: network there too, if the ids are the same everywhere"
            )


class _Proposing:
    """What is told of files that would be set aside: each unknown header once, with a contract to start from."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._headers: list[set[str]] = []
        self._listed = _network_customers(network.home)

    def set_aside(self, entry: Entry) -> Iterator[str]:
        yield f"set aside  {entry.reason}"
        try:
            container, _, member = entry.path.partition("!")
            table = open_table(self._network.landing / container, entry.path, member or None)
            pin = self._network.sources.get(entry.location_id)
            contracts = allowed_contracts(contracts_of(self._network), pin)
            headers = [name for name in dict.fromkeys(table.header) if name]
            if entry.source or set(headers) in self._headers or nearly(table.header, contracts):
                return
            if any(len(own & {*headers}) >= ALIKE * len(own | {*headers}) for own in self._headers):
                yield "    nearly the header of a file above: describe that one first"
                return
            sample = _first(SAMPLE_ROWS, stream_rows(table, headers, Rows()))
        except UnreadableFile:
            return
        self._headers.append(set(headers))
        cells = {h: [] if sample is None else sample[h].to_pylist() for h in headers}
        name = "my_pos" if len(self._headers) == 1 else f"my_pos_{len(self._headers)}"
        proposal = propose_contract(
            cells, entry.location_id == HEADQUARTERS, _places(self._network.home), name, self._listed
        )
        self._listed |= proposal.listed
        yield from proposal.text.splitlines()


def _network_customers(home: Home) -> set[str]:
    """The ids of the whole network's customers, of lists that are described."""
    paths = [str(path) for path in sorted(home.landed("customers").glob("*.parquet"))]
    if not paths:
        return set()
    ids = "select distinct source_customer_id from read_parquet(?) where customer_id_scope = 'network'"
    return {id_ for (id_,) in duckdb.execute(ids, [paths]).fetchall()}


def _first(rows: int, batches: Iterator[pa.Table]) -> pa.Table | None:
    """The first rows of a file, as its batches give them; None of one without rows."""
    taken, seen = [], 0
    for batch in batches:
        taken.append(batch)
        seen += batch.num_rows
        if seen >= rows:
            break
    return pa.concat_tables(taken).slice(0, rows) if taken else None


def _places(home: Home) -> dict[str, str]:
    """How the locations feed calls a location, in lower case -> its id."""
    paths = [str(path) for path in sorted(home.landed("locations").glob("*.parquet"))]
    if not paths:
        return {}
    named = "select lower(trim(name)), location_id from read_parquet(?) where name is not null order by location_id"
    return dict(duckdb.execute(named, [paths]).fetchall())
