"""The words of a source contract (sources/*.yaml): what may be said, as types. docs/sources.md teaches them.

Every key is data: none holds code or SQL. `sources/contract.schema.json` is made from these classes, so
that editors complete a contract and name its mistakes.
"""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dagster_project.extract.column_rule import DELIVERED, ColumnRule, Test, Words
from dagster_project.feeds import Column, load_feeds


class Skip(Words):
    """Rows that are no record of the feed, such as totals. They are rejected with this reason, never lost."""

    when: dict[str, Test] = Field(min_length=1)
    reason: str = "no record of this feed"


class FillDown(Words):
    """Headers written only on the first of several rows: the rows after it, with the same `by` or until the next row
    that fills `starts_at`, repeat them."""

    by: str | Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="A header of every row, or several where receipt numbers begin anew each day."
    )
    starts_at: str | None = Field(
        default=None,
        description="Instead of `by`: a header that only the first of them fills; it is repeated too.",
    )
    columns: list[str] = Field(default=[])

    @model_validator(mode="after")
    def _knows_the_first(self) -> "FillDown":
        if (self.by is None) == (self.starts_at is None):
            raise ValueError("exactly one of by, starts_at")
        return self

    @property
    def keys(self) -> list[str]:
        """The headers that tell which rows belong together."""
        told = self.by if self.by is not None else self.starts_at
        return list(told) if isinstance(told, list) else [told or ""]

    @property
    def repeated(self) -> list[str]:
        """The headers that rows take from the first of them."""
        return list(dict.fromkeys([*([self.starts_at] if self.starts_at else []), *self.columns]))


class Section(Words):
    """One feed made of a file's rows."""

    feed: str
    rows: Literal["all", "first"] = Field(default="all", description="first: only the first row of each fill_down.by.")
    replace: list[str] | None = Field(default=None, description="Columns whose newest set of rows stands.")
    skip: list[Skip] = Field(default=[])
    priced_by: Literal["products"] | None = Field(
        default=None, description="Lines without net_amount: quantity x the product list's list_price, joined in dbt."
    )
    columns: dict[str, ColumnRule]

    def requires(self, column: Column) -> bool:
        """Whether an empty value of this feed column keeps a row out."""
        return column.required and not (self.priced_by and column.name == "net_amount")

    @cached_property
    def read_headers(self) -> set[str]:
        """The headers its columns and tests read."""
        tested = {header for skip in self.skip for header in skip.when}
        return tested | {header for rule in self.columns.values() for header in rule.headers}

    @cached_property
    def deciding(self) -> dict[str, str]:
        """Header -> what would silently come out wrong without it: a feed column, or which rows are skipped.

        A column that is merely unknown without its header is not among them; a key is, and one that is presumed.
        """
        decided = {header: "which rows are skipped" for skip in self.skip for header in skip.when}
        feed = load_feeds()[self.feed]
        for name, rule in self.columns.items():
            column = feed.column(name)
            named = rule.deciding
            if self.requires(column) or column.is_presumed or name in (self.replace or feed.key):
                named = [*named, *rule.from_headers]
            decided |= dict.fromkeys(named, name)
        return decided


class Contract(Section):
    """One export format: `recognise` lists the headers that must be there."""

    name: str = Field(pattern="^[a-z0-9_]+$")
    source: str
    description: str = ""
    customer_id_scope: Literal["location", "network"] = "location"
    placeholder_customer_ids: list[str] = Field(default=[], description="Ids that mean nobody.")
    recognise: list[str] = Field(min_length=1)
    known: list[str] = Field(default=[], description="Headers of the export that no column reads.")
    optional: list[str] = Field(
        default=[], description="Headers some relatives of the export lack: no drift; there they count as empty."
    )
    aliases: dict[str, list[str]] = Field(default={}, description="Header -> other names it has been seen under.")
    zone: str | None = Field(default=None, description="The zone of times without one, instead of the location's.")
    fill_down: FillDown | None = None
    also: list[Section] = Field(default=[], description="Further feeds made of the same rows.")

    @cached_property
    def headers(self) -> set[str]:
        """Every header the contract reads or knows of, under its own name."""
        filled = {*self.fill_down.keys, *self.fill_down.columns} if self.fill_down else set()
        read = self.read_headers.union(*(section.read_headers for section in self.also))
        return read | filled | {*self.recognise, *self.known}

    @cached_property
    def with_comma(self) -> frozenset[str]:
        """The headers whose amounts are written with a decimal comma."""
        rules = [rule for section in (self, *self.also) for rule in section.columns.values()]
        return frozenset(header for rule in rules if rule.decimal_mark == "," for header in rule.amounts)

    @model_validator(mode="after")
    def _one_mark_for_a_header(self) -> "Contract":
        """A rule that says no mark reads a header as the rule does that says one."""
        while True:
            silent = [
                (section, name, rule)
                for section in (self, *self.also)
                for name, rule in section.columns.items()
                if "decimal_mark" not in rule.model_fields_set and self.with_comma.intersection(rule.amounts)
            ]
            if not silent:
                return self
            for section, name, rule in silent:
                section.columns[name] = rule.model_copy(update={"decimal_mark": ","})
            del self.__dict__["with_comma"]

    @cached_property
    def required(self) -> dict[str, str | None]:
        """The headers a file must have -> what would silently come out wrong without it; None of those that only tell
        the export from others."""
        decided: dict[str, str | None] = dict.fromkeys(
            self.fill_down.keys if self.fill_down else [], "what rows repeat"
        )
        for section in (self, *self.also):
            decided = section.deciding | decided
        needed = {header: what for header, what in decided.items() if header not in self.optional}
        return dict.fromkeys(self.recognise) | needed

    @cached_property
    def as_text(self) -> str:
        """All it says, in one form: differs where two contracts do."""
        return json.dumps(self.model_dump(by_alias=True), sort_keys=True)

    @property
    def reads_delivery(self) -> bool:
        """Whether a row's content depends on the day its file came."""
        rules = [rule for section in (self, *self.also) for rule in section.columns.values()]
        return any(rule.when_empty == DELIVERED for rule in rules)

    @cached_property
    def parts(self) -> "list[ContractPart]":
        """What `also` makes of the rows, each as a contract of its own."""
        shared = {name: getattr(self, name) for name in Contract.model_fields if name not in Section.model_fields}
        return [
            ContractPart(
                **(shared | {name: getattr(section, name) for name in Section.model_fields}), part=part
            ).model_copy(update={"also": []})
            for section, part in zip(self.also, self._part_names(), strict=True)
        ]

    def with_date_orders(self, orders: dict[str, str]) -> "Contract":
        """The same contract for one file, its `from_file` columns told (`orders`: feed column -> order)."""
        told = {name: self.columns[name].model_copy(update={"date_order": order}) for name, order in orders.items()}
        return self.model_copy(update={"columns": {**self.columns, **told}}) if told else self

    def _part_names(self) -> Iterator[str]:
        seen: dict[str, int] = {}
        for section in self.also:
            seen[section.feed] = seen.get(section.feed, 0) + 1
            yield section.feed if seen[section.feed] == 1 else f"{section.feed}_{seen[section.feed]}"


class ContractPart(Contract):
    """A section of `also` standing as a contract: `part` tells its ledger entry and files from the first feed's."""

    part: str
