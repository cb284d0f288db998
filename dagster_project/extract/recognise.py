"""A header finds its contract: the one whose required names are all there and that explains most of it."""

from collections.abc import Iterable
from difflib import get_close_matches

import yaml

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contract_language import Contract
from dagster_project.feeds import CANONICAL

# Shares of what a contract needs that a header must have, and of the header that it must explain, to be that export
# changed rather than another one.
NEAR_NEEDED, NEAR_EXPLAINED = 0.6, 0.4
HALF = 0.5


def recognise(name: str, header: tuple[str, ...], contracts: dict[str, Contract], pin: str | None) -> Contract:
    """The contract of this header. `pin` is a source name that a network fixed for the location.

    Raises UnreadableFile naming the nearest contracts, what is missing and what it would falsify, or the contracts
    that tie.
    """
    allowed = allowed_contracts(contracts, pin)
    names = set(header)
    doubled = sorted({n for n in names if header.count(n) > 1})
    explained = {c.name: _explained(c, names) for c in allowed}
    ranked = sorted(allowed, key=lambda c: (-explained[c.name], not _fits(c, names), c.name))
    # A file that a fuller contract explains better, but for a missing column, is that export damaged.
    if not _fits(ranked[0], names):
        near = nearly(header, allowed)
        raise UnreadableFile(f"{name}: {_changed(header, near) if near else _nearest(names, allowed)}")
    best = [c for c in ranked if explained[c.name] == explained[ranked[0].name] and _fits(c, names)]
    if len(best) > 1:
        tied = " and ".join(c.name for c in best)
        raise UnreadableFile(f"{name}: the header fits {tied} alike; pin one under `sources` in network.yaml")
    if set(doubled) & ranked[0].headers:
        raise UnreadableFile(f"{name}: the column {doubled[0]!r} stands twice in the header; keep one")
    return ranked[0]


def allowed_contracts(contracts: dict[str, Contract], pin: str | None) -> list[Contract]:
    """Those a location's files are read by."""
    return [c for c in contracts.values() if pin is None or c.source == pin] or list(contracts.values())


def nearly(header: tuple[str, ...], contracts: Iterable[Contract]) -> Contract | None:
    """The contract that explains most of a header, where it lacks little: rather that export changed than another.

    None when there is none. The canonical ones never are: their names are the feeds' own.
    """
    names = {name for name in header if name}
    ranked = sorted(contracts, key=lambda c: (-_explained(c, names), c.name))
    if not ranked or ranked[0].source == CANONICAL:
        return None
    has = len(_known_names(ranked[0], names).intersection(ranked[0].required))
    is_near = has >= NEAR_NEEDED * len(ranked[0].required)
    return ranked[0] if is_near and _explained(ranked[0], names) >= NEAR_EXPLAINED * len(names) else None


def own_names(header: tuple[str, ...], contract: Contract) -> tuple[str, ...]:
    """The header under the contract's own names: an alias stands for a name that is not there itself."""
    present = set(header)
    names = {}
    for name, aliases in contract.aliases.items():
        found = next((alias for alias in aliases if alias in present), None)
        if found and name not in present:
            names[found] = name
    return tuple(names.get(name, name) for name in header)


def _known_names(contract: Contract, names: set[str]) -> set[str]:
    return set(own_names(tuple(names), contract)) if contract.aliases else names


def _fits(contract: Contract, names: set[str]) -> bool:
    """Whether all is there that the contract needs. Of a feed's own names an id alone, beside columns that say nothing
    to it, is anybody's export."""
    is_id_alone = contract.source == CANONICAL and len(names) > 1 and _explained(contract, names) == 1
    return not is_id_alone and _known_names(contract, names).issuperset(contract.required)


def _explained(contract: Contract, names: set[str]) -> int:
    return len(contract.headers & _known_names(contract, names))


def _changed(header: tuple[str, ...], contract: Contract) -> str:
    """What a known export lacks, what would come out wrong without it, and the line that mends a new name."""
    own = own_names(header, contract)
    missing = [name for name in contract.required if name not in own]
    strange = [name for name in own if name and name not in contract.headers]
    told = ", ".join(f"{name!r}{_purpose(contract.required[name])}" for name in missing)
    aliases = {name: [_likely(name, strange)] for name in missing}
    line = yaml.safe_dump(aliases, default_flow_style=True, allow_unicode=True, width=10_000).strip()
    spare = [name for name in missing if name not in contract.recognise]
    absent = f"; `optional: [{', '.join(spare)}]` where the export may lack it" if spare else ""
    return (
        f"nearly {contract.name}, without {told}. Ask for the export with it, or say in the contract (one of ours: in "
        f"a copy of it in sources/ beside network.yaml) `aliases: {line}` if the column has another name now{absent}"
    )


def _purpose(what: str | None) -> str:
    return f" (decides {what})" if what else ""


def _likely(missing: str, strange: list[str]) -> str:
    """The header that may be the missing one's new name."""
    by_lower = {name.lower(): name for name in strange}
    close = get_close_matches(missing.lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[close[0]] if close else strange[0] if len(strange) == 1 else "?"


def _share(contract: Contract, names: set[str]) -> float:
    """How much a header has of what a contract is recognised by."""
    return len(names.intersection(contract.recognise)) / len(contract.recognise)


def _nearest(names: set[str], contracts: list[Contract]) -> str:
    close = sorted(contracts, key=lambda c: (-_explained(c, names), -_share(c, names), c.name))[:2]
    close = [c for c in close if _share(c, names) >= HALF and not names.issuperset(c.required)]
    if not close:
        return (
            "no source contract knows this header; describe it in sources/ beside network.yaml: `make check` proposes "
            "a contract to start from"
        )
    missing = "; ".join(
        f"nearest is {c.name}, without {', '.join(repr(h) for h in c.required if h not in names)}" for c in close
    )
    return f"no source contract fits this header: {missing}. Ask for these columns, or describe the export in sources/"
