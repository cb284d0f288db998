"""A header finds its contract: the one whose required names are all there and that explains most of it."""

from dagster_project.errors import UnreadableFile
from dagster_project.extract.contract_language import Contract


def recognise(name: str, header: tuple[str, ...], contracts: dict[str, Contract], pin: str | None) -> Contract:
    """The contract of this header. `pin` is a source name that a network fixed for the location.

    Raises UnreadableFile naming the nearest contracts and what is missing, or the contracts that tie.
    """
    allowed = [c for c in contracts.values() if pin is None or c.source == pin] or list(contracts.values())
    names = set(header)
    doubled = sorted({n for n in names if header.count(n) > 1})
    explained = {c.name: _explained(c, names) for c in allowed}
    ranked = sorted(allowed, key=lambda c: (-explained[c.name], not _fits(c, names), c.name))
    # A file that a fuller contract explains better, but for a missing column, is that export damaged.
    if not _fits(ranked[0], names):
        raise UnreadableFile(f"{name}: {_nearest(names, allowed)}")
    best = [c for c in ranked if explained[c.name] == explained[ranked[0].name] and _fits(c, names)]
    if len(best) > 1:
        tied = " and ".join(c.name for c in best)
        raise UnreadableFile(f"{name}: the header fits {tied} alike; pin one under `sources` in network.yaml")
    if set(doubled) & ranked[0].headers:
        raise UnreadableFile(f"{name}: the column {doubled[0]!r} stands twice in the header; keep one")
    return ranked[0]


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
    return _known_names(contract, names).issuperset(contract.recognise)


def _explained(contract: Contract, names: set[str]) -> int:
    return len(contract.headers & _known_names(contract, names))


def _nearest(names: set[str], contracts: list[Contract]) -> str:
    close = sorted(
        contracts,
        key=lambda c: (-_explained(c, names), -len(names.intersection(c.recognise)) / len(c.recognise), c.name),
    )[:2]
    close = [c for c in close if names.intersection(c.recognise)]
    if not close:
        return "no source contract knows this header; describe it in sources/ beside network.yaml"
    missing = "; ".join(
        f"nearest is {c.name}, without {', '.join(repr(h) for h in c.recognise if h not in names)}" for c in close
    )
    return f"no source contract fits this header: {missing}. Ask for these columns, or describe the export in sources/"
