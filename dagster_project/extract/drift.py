"""How an export differs from what its contract, and the delivery before it, let one expect. Noted, harmless.

appeared, renamed and gone tell columns against the contract, new_value what a mapped column says that its map
does not know, and moved a column that stands elsewhere than in the same location's delivery before.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.extract.contract_language import Contract
from dagster_project.extract.ledger import Entry
from dagster_project.extract.recognise import own_names
from dagster_project.extract.supersede import age
from dagster_project.feeds import load_feeds
from dagster_project.ops import masked

# A column with more new values than this holds something else than before: free text, or a person's name.
MAX_NEW_VALUES = 5
MAX_VALUE = 40
UNKNOWN = "customers are not recognised without it"


@dataclass(frozen=True)
class Drift:
    """`change` is appeared, renamed, gone, new_value or moved; `detail` is the value, masked, of a new_value, or
    what goes with a column of customer ids that is gone."""

    change: str
    column: str
    detail: str = ""


def columns_drifted(header: tuple[str, ...], contract: Contract) -> list[Drift]:
    """Columns the contract does not know, has under another name, and reads though they are not there; by name."""
    own = own_names(header, contract)
    names = {n for n in own if n}
    read = contract.read_headers.union(*(section.read_headers for section in contract.also))
    renamed = [Drift("renamed", n) for n in sorted(set(header) - names) if n]
    appeared = [Drift("appeared", n) for n in sorted(names - contract.headers)]
    known_by = _without_customers(contract, names)
    gone = [Drift("gone", n, UNKNOWN if n in known_by else "") for n in sorted(read - names - set(contract.optional))]
    return appeared + renamed + gone


def _without_customers(contract: Contract, names: set[str]) -> set[str]:
    """The headers of customer ids, where none of a section's is there."""
    rules = [section.columns.get("source_customer_id") for section in (contract, *contract.also)]
    told = [set(rule.headers) for rule in rules if rule is not None and rule.headers]
    return {header for headers in told if not headers & names for header in headers}


@dataclass
class NewValues:
    """What the mapped columns of one file say that their maps do not know."""

    contract: Contract
    seen: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = _known_values(self.contract)

    def see(self, cells: pa.Table, is_skipped: Callable[[Contract, pa.Table], pa.Array]) -> None:
        """Take note of a batch, but for the rows the contract skips; its columns are named as the contract does."""
        found = self._new_in(cells)
        if any(found.values()) and self.contract.skip:
            found = self._new_in(cells.filter(pc.invert(is_skipped(self.contract, cells))))
        for header, values in found.items():
            self.seen.setdefault(header, set()).update(values)

    def _new_in(self, cells: pa.Table) -> dict[str, set[str]]:
        found = {}
        for header, known in self._known.items():
            if header in cells.column_names and len(self.seen.get(header, ())) <= MAX_NEW_VALUES:
                texts = {text.strip() for text in pc.unique(cells[header]).to_pylist() if text}
                found[header] = {text for text in texts if text and text.lower() not in known}
        return found

    def drift(self) -> list[Drift]:
        """By column and value; where there are too many, how many is all that is told."""
        found = []
        for header, values in sorted(self.seen.items()):
            if len(values) > MAX_NEW_VALUES:
                found.append(Drift("new_value", header, f"more than {MAX_NEW_VALUES} values"))
            else:
                found += [Drift("new_value", header, masked(value)[:MAX_VALUE]) for value in sorted(values)]
        return found


def with_moves(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, with the columns that moved since the same location's and contract's older delivery."""
    entries = list(entries)
    before: dict[tuple[str, str | None], Entry] = {}
    moved: dict[str, list[Drift]] = {}
    for entry in sorted((e for e in entries if e.is_current and not e.part), key=age):
        older = before.get((entry.location_id, entry.contract))
        if older is not None and older.header != entry.header:
            names = columns_moved(json.loads(older.header), json.loads(entry.header))
            moved[entry.path] = [Drift("moved", name) for name in names]
        before[entry.location_id, entry.contract] = entry
    return [_with(entry, moved[entry.path]) if moved.get(entry.path) else entry for entry in entries]


def columns_moved(older: list[str], newer: list[str]) -> list[str]:
    """The fewest columns that must have changed places, of those both have; in the newer order."""
    place = {name: number for number, name in enumerate(older)}
    shared = [name for name in newer if name in place]
    # The longest run of columns in the older order stays; the others moved.
    tails: list[int] = []
    length: list[int] = []
    for name in shared:
        at = bisect_left(tails, place[name])
        tails[at : at + 1] = [place[name]]
        length.append(at + 1)
    kept, wanted = set(), len(tails)
    for number in range(len(shared) - 1, -1, -1):
        if wanted and length[number] == wanted:
            kept.add(number)
            wanted -= 1
    return [name for number, name in enumerate(shared) if number not in kept]


def drift_of(entry: Entry) -> list[Drift]:
    """What the ledger remembers of one file's drift."""
    return [Drift(*told) for told in json.loads(entry.drift)]


def drift_text(drifts: Iterable[Drift]) -> str:
    """For the ledger."""
    return json.dumps([astuple(drift) for drift in drifts])


def _with(entry: Entry, drifts: list[Drift]) -> Entry:
    return replace(entry, drift=drift_text([*drift_of(entry), *drifts]))


def _known_values(contract: Contract) -> dict[str, set[str]]:
    """Header -> the values it may have, in lower case. Only of maps that mean to be complete: those of a column with
    a list of its own, and those that say what everything else is."""
    feed = load_feeds()[contract.feed]
    known: dict[str, set[str]] = {}
    for name, rule in contract.columns.items():
        column = feed.column(name)
        if rule.values and isinstance(rule.from_, str) and (column.type == "enum" or rule.otherwise is not None):
            known[rule.from_] = {value.lower() for value in (*rule.values, *column.values)}
    return known
