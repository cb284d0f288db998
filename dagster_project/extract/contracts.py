"""Source contracts: which header means which feed, and how its columns become the feed's.

A contract is data (sources/*.yaml, or `sources/` beside a network.yaml). `canonical_<feed>` contracts
are made from feeds.yaml: a file whose header is the feed's own column names.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from pydantic import ValidationError

from dagster_project.errors import ContractError, NetworkError
from dagster_project.extract.column_rule import ColumnRule
from dagster_project.extract.contract_language import Contract, Section
from dagster_project.feeds import CANONICAL, SOURCES, Feed, load_feeds
from dagster_project.network import Network
from dagster_project.network_sections import known_zone_names
from dagster_project.yaml_text import parse_yaml, read_yaml

# Files of sources/ that describe something other than a contract.
NOT_CONTRACTS = {"feeds.yaml", "time_zones.yaml", "vocabulary.yaml"}


def load_contracts(own_folder: Path | None = None) -> dict[str, Contract]:
    """The project's contracts, the canonical ones, and a network's own, by name; own ones win.

    Raises ContractError with a line for each that is wrong, naming file, key and what is allowed.
    """
    contracts, wrong = {c.name: c for c in _canonical_contracts()}, []
    for folder in (SOURCES, own_folder):
        named: dict[str, str] = {}
        for file in sorted(folder.glob("*.yaml")) if folder else []:
            if file.name in NOT_CONTRACTS:
                continue
            try:
                contract = read_contract(file)
            except ContractError as error:
                wrong.append(str(error))
                continue
            if contract.name in named:
                wrong.append(f"{file}: name is {contract.name!r}, as in {named[contract.name]}; names must differ")
            contracts[contract.name], named[contract.name] = contract, file.name
    if wrong:
        raise ContractError("\n".join(wrong))
    return contracts


def contracts_of(network: Network) -> dict[str, Contract]:
    """The contracts a network's files are read by. Raises NetworkError when `sources` names a source without one."""
    contracts = load_contracts(network.own_sources)
    allowed = sorted({contract.source for contract in contracts.values()})
    for location, source in sorted(network.sources.items()):
        if source not in allowed:
            raise NetworkError(f"{network.file}: `sources.{location}` is {source!r}; allowed: {', '.join(allowed)}")
    return contracts


def fingerprint(contracts: dict[str, Contract]) -> str:
    """Changes whenever any contract does, so that what landed under older rules lands anew."""
    plain = "".join(contracts[name].as_text for name in sorted(contracts))
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def contract_schema() -> dict:
    """The JSON Schema of a contract file, as committed beside the contracts."""
    schema = Contract.model_json_schema(by_alias=True)
    feeds = load_feeds()
    for name in ("Contract", "Section"):
        part = schema if name == "Contract" else schema["$defs"][name]
        part["properties"]["feed"]["enum"] = list(feeds)
        rule = part["properties"]["columns"]["additionalProperties"]
        short = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
        part["properties"]["columns"]["additionalProperties"] = {"anyOf": [rule, *short]}
        names = sorted({column for feed in feeds.values() for column in feed.column_names})
        part["properties"]["columns"]["propertyNames"] = {"enum": names}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def read_contract(file: Path) -> Contract:
    """One contract file. Raises ContractError naming the file, the key and what is allowed."""
    return _parse_contract(file, file.read_bytes())


@lru_cache(maxsize=256)
def _parse_contract(file: Path, content: bytes) -> Contract:
    """A sensor and every run ask for the same contracts: parsed once, as long as the file says the same."""
    try:
        contract = Contract(**parse_yaml(content))
    except ValidationError as error:
        problems = "; ".join(_problem(p) for p in error.errors())
        raise ContractError(f"{file}: {problems}") from error
    except ValueError as error:
        raise ContractError(f"{file}: not readable as YAML: {error}") from error
    except (TypeError, AttributeError) as error:
        needed = "name, source, feed, recognise, columns"
        raise ContractError(f"{file}: not a source contract; it needs {needed}") from error
    problems = [problem for section in (contract, *contract.also) for problem in _problems(contract, section)]
    if contract.zone and contract.zone not in {*known_zone_names(), *read_yaml(SOURCES / "time_zones.yaml")}:
        problems.append(f"zone is {contract.zone!r}; an IANA or Rails name is expected")
    lacking = [key for key in contract.fill_down.keys if key in contract.optional] if contract.fill_down else []
    if lacking:
        problems.append(f"fill_down goes by {', '.join(lacking)}, which no file may lack; take it out of optional")
    if problems:
        raise ContractError(f"{file}: {'; '.join(problems)}")
    return contract


def _problem(problem: dict) -> str:
    place, found = ".".join(str(part) for part in problem["loc"]), problem["input"]
    if problem["type"] == "extra_forbidden":
        return f"{place}: no such key; docs/sources.md lists them"
    if problem["type"] in ("string_type", "model_type") and isinstance(found, (bool, int, float)):
        return f"{place}: YAML reads this as {found!r}; put it in quotes"
    if problem["type"] == "missing":
        return f"{place}: missing, but required"
    value = f" is {found!r}" if isinstance(found, str | bool | int | float) else ""
    return f"{place}{value}: {problem['msg']}"


def _problems(contract: Contract, section: Section) -> Iterator[str]:
    feeds = load_feeds()
    if section.feed not in feeds:
        yield f"feed is {section.feed!r}; allowed: {', '.join(feeds)}"
        return
    feed = feeds[section.feed]
    for column in [*section.columns, *(section.replace or [])]:
        if column not in feed.column_names:
            yield f"{column!r} is no column of feed {feed.name}; it has {', '.join(feed.column_names)}"
    missing = [c.name for c in feed.columns if section.requires(c) and c.name not in section.columns]
    if missing:
        yield f"feed {feed.name} requires {', '.join(missing)}; say where they come from"
    # A set of rows that a newer file replaces cannot also be told apart row by row.
    if section.replace and all(column in section.columns for column in feed.key):
        keys = ", ".join(feed.key)
        yield f"replace is for rows without an id of their own, but {keys} are filled; leave replace out"
    if section.priced_by and not (feed.name == "order_lines" and "product_id" in section.columns):
        yield "priced_by is for order_lines with a product_id; leave it out"
    if section is contract and section.rows == "first":
        yield "rows: first is for a further feed; name it under also"
    if section.rows == "first" and not contract.fill_down:
        yield "rows: first needs fill_down, which says what the first row is the first of"
    if section.rows == "first" and section.replace and contract.fill_down:
        yield f"rows: first already leaves one row for each {', '.join(contract.fill_down.keys)}; leave replace out"


@cache
def _canonical_contracts() -> tuple[Contract, ...]:
    return tuple(_canonical(feed) for feed in load_feeds().values())


def _canonical(feed: Feed) -> Contract:
    return Contract(
        name=f"canonical_{feed.name}",
        source=CANONICAL,
        feed=feed.name,
        description=feed.description,
        recognise=[c.name for c in feed.columns if c.required],
        optional=list(feed.column_names),
        columns={name: ColumnRule(**{"from": name}) for name in feed.column_names},
    )


if __name__ == "__main__":
    (SOURCES / "contract.schema.json").write_text(json.dumps(contract_schema(), indent=1, sort_keys=True) + "\n")
