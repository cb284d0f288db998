"""Source contracts: which header means which feed, and how its columns become the feed's.

A contract is data (sources/*.yaml, or `sources/` beside a network.yaml). `canonical_<feed>` contracts
are made from feeds.yaml: a file whose header is the feed's own column names.
"""

import hashlib
import json
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dagster_project.errors import ContractError
from dagster_project.feeds import SOURCES, Feed, load_feeds, read_yaml

# Files of sources/ that describe something other than a contract.
NOT_CONTRACTS = {"feeds.yaml", "time_zones.yaml"}


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Test(Part):
    """What one header's value must look like."""

    is_in: list[str] | None = None
    starts_with: str | None = None
    matches: str | None = None


class Case(Part):
    when: dict[str, Test]
    then: str


class ColumnRule(Part):
    """How one feed column is made: from one header, several joined, a product, a constant or cases."""

    from_: str | list[str] | None = Field(default=None, alias="from")
    separator: str = " "
    multiply: list[str] | None = None
    constant: str | None = None
    cases: list[Case] | None = None
    otherwise: str | None = None
    values: dict[str, str] | None = None
    formats: list[str] | None = None
    zone_from: str | None = None
    decimal_mark: Literal[".", ","] = "."
    style: Literal["plain", "whole_number"] = "plain"

    @model_validator(mode="after")
    def _exactly_one_origin(self) -> "ColumnRule":
        origins = [self.from_, self.multiply, self.constant, self.cases]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("exactly one of from, multiply, constant, cases")
        return self

    @property
    def headers(self) -> list[str]:
        """Every header this column reads."""
        named = [self.from_] if isinstance(self.from_, str) else list(self.from_ or [])
        named += self.multiply or []
        named += [header for case in self.cases or [] for header in case.when]
        return named + ([self.zone_from] if self.zone_from else [])


class Contract(Part):
    """One export format: `recognise` lists the headers that must be there."""

    name: str
    source: str
    feed: str
    description: str = ""
    customer_id_scope: Literal["location", "network"] = "location"
    placeholder_customer_ids: list[str] = []
    recognise: list[str]
    known: list[str] = []
    replace: list[str] | None = None
    columns: dict[str, ColumnRule]

    @property
    def headers(self) -> set[str]:
        """Every header the contract reads or knows of."""
        return {h for rule in self.columns.values() for h in rule.headers} | {*self.recognise, *self.known}


def load_contracts(own_folder: Path | None = None) -> dict[str, Contract]:
    """The project's contracts, the canonical ones, and a network's own, by name; own ones win.

    Raises ContractError naming file, key and what is allowed.
    """
    contracts = {c.name: c for c in (_canonical(feed) for feed in load_feeds().values())}
    for folder in (SOURCES, own_folder):
        for file in sorted(folder.glob("*.yaml")) if folder else []:
            if file.name not in NOT_CONTRACTS:
                contract = _read(file)
                contracts[contract.name] = contract
    return contracts


def fingerprint(contracts: dict[str, Contract]) -> str:
    """Changes whenever any contract does, so that what landed under older rules lands anew."""
    plain = {name: contracts[name].model_dump(by_alias=True) for name in sorted(contracts)}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _read(file: Path) -> Contract:
    try:
        raw = read_yaml(file)
        raw["columns"] = {
            name: {"from": rule} if isinstance(rule, (str, list)) else rule for name, rule in raw["columns"].items()
        }
        contract = Contract(**raw)
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise ContractError(f"{file}: not a source contract ({error}); it needs name, source, feed, columns") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise ContractError(f"{file}: {problems}") from error
    _check(file, contract)
    return contract


def _check(file: Path, contract: Contract) -> None:
    feeds = load_feeds()
    if contract.feed not in feeds:
        raise ContractError(f"{file}: feed is {contract.feed!r}; allowed: {', '.join(feeds)}")
    feed = feeds[contract.feed]
    for column in [*contract.columns, *(contract.replace or [])]:
        if column not in feed.column_names:
            raise ContractError(
                f"{file}: {column!r} is no column of feed {feed.name}; it has {', '.join(feed.column_names)}"
            )
    missing = [c.name for c in feed.columns if c.required and c.name not in contract.columns]
    if missing:
        raise ContractError(f"{file}: feed {feed.name} requires {', '.join(missing)}; say where they come from")


def _canonical(feed: Feed) -> Contract:
    return Contract(
        name=f"canonical_{feed.name}",
        source="canonical",
        feed=feed.name,
        description=feed.description,
        recognise=[c.name for c in feed.columns if c.required],
        columns={name: ColumnRule(**{"from": name}) for name in feed.column_names},
    )
