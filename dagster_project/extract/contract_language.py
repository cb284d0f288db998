"""The words of a source contract (sources/*.yaml): what may be said, as types. docs/sources.md teaches them.

Every key is data: none holds code or SQL. `sources/contract.schema.json` is made from these classes, so
that editors complete a contract and name its mistakes.
"""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.feeds import Column, load_feeds

DELIVERED = "delivered"
ORIGINS = ("from", "first_of", "multiply", "add", "constant", "cases", "from_folder")


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Test(Words):
    """What one header's value must look like; letters compare without case in `is_in`."""

    is_in: list[str] | None = None
    starts_with: str | None = None
    matches: str | None = Field(default=None, description="A regular expression (RE2) for the whole value.")
    is_empty: bool | None = None
    is_true: bool | None = Field(default=None, description="true, yes, y, t, x or 1, in any case.")
    is_negative: bool | None = Field(default=None, description="A number below zero, in whatever way it is written.")

    @model_validator(mode="after")
    def _asks_something(self) -> "Test":
        if not self.model_dump(exclude_none=True):
            raise ValueError("a test needs one of is_in, starts_with, matches, is_empty, is_true, is_negative")
        return self


class Case(Words):
    when: dict[str, Test] = Field(min_length=1)
    then: str


class Skip(Words):
    """Rows that are no record of the feed, such as totals. They are rejected with this reason, never lost."""

    when: dict[str, Test] = Field(min_length=1)
    reason: str = "no record of this feed"


class ColumnRule(Words):
    """How one feed column is made: one origin, then what is done to its text."""

    from_: str | list[str] | None = Field(default=None, alias="from", description="A header, or several to join.")
    separator: str = Field(default=" ", description="Stands between joined values.")
    complete: bool = Field(default=False, description="Joined only when no part is empty: for derived keys.")
    first_of: list[str] | None = Field(default=None, description="The first header that is not empty.")
    multiply: list[str] | None = None
    add: list[str] | None = Field(default=None, description="Amounts added; empty ones count as nothing.")
    subtract: list[str] = Field(default=[], description="Amounts taken off `from`, `multiply` or `add`.")
    constant: str | None = None
    cases: list[Case] | None = Field(default=None, description="The first case whose tests all hold decides.")
    from_folder: Literal["date"] | None = Field(default=None, description="The date in the folder's path.")
    otherwise: str | None = Field(default=None, description="When no case holds, or no value of `values` fits.")
    when_empty: str | None = Field(
        default=None, description="What an empty cell means; `delivered` is the day the file came."
    )
    zero_when: list[dict[str, Test]] = Field(default=[], description="The amount is 0 when all of one entry holds.")
    values: dict[str, str] | None = Field(default=None, description="What is written -> what it means.")
    formats: list[str] | None = Field(default=None, description="strptime formats, tried in this order.")
    date_order: Literal["from_file", "day_first", "month_first"] | None = None
    zone_from: str | None = Field(default=None, description="The header that names each row's time zone.")
    decimal_mark: Literal[".", ","] = "."
    symbols: list[str] = Field(default=[], description="Letters beside an amount that carry nothing: kr, CHF.")
    style: Literal["plain", "id", "lower"] = "plain"

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return {"from": raw} if isinstance(raw, (str, list)) else raw

    @model_validator(mode="after")
    def _fits_together(self) -> "ColumnRule":
        origins = [self.from_, self.first_of, self.multiply, self.add, self.constant, self.cases, self.from_folder]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError(f"exactly one of {', '.join(ORIGINS)}")
        if self.date_order and not self.formats:
            raise ValueError("date_order needs formats: it swaps %d and %m in them")
        if self.otherwise is not None and not (self.cases or self.values):
            raise ValueError("otherwise needs cases or values")
        return self

    @property
    def headers(self) -> list[str]:
        """Every header this column reads."""
        named = [self.from_] if isinstance(self.from_, str) else list(self.from_ or [])
        named += [*(self.first_of or []), *(self.multiply or []), *(self.add or []), *self.subtract]
        named += [header for case in self.cases or [] for header in case.when]
        named += [header for when in self.zero_when for header in when]
        return named + ([self.zone_from] if self.zone_from else [])

    @property
    def deciding(self) -> list[str]:
        """The headers without one of which this column would be another value, not an unknown one."""
        whens = [*(case.when for case in self.cases or []), *self.zero_when]
        named = [*(self.multiply or []), *(self.add or []), *self.subtract, *(h for when in whens for h in when)]
        if self.subtract:
            named += [self.from_] if isinstance(self.from_, str) else self.from_ or []
        return named + ([self.zone_from] if self.zone_from else [])

    @property
    def needs_header(self) -> bool:
        """Whether the column is empty when none of its headers is there."""
        return self.constant is None and self.from_folder is None and self.when_empty != DELIVERED


class FillDown(Words):
    """Headers written only on the first of several rows: the rows after it, with the same `by`, repeat them."""

    by: str | Annotated[list[str], Field(min_length=1)] = Field(
        description="A header of every row, or several where receipt numbers begin anew each day."
    )
    columns: list[str] = []

    @property
    def keys(self) -> list[str]:
        return [self.by] if isinstance(self.by, str) else self.by


class Section(Words):
    """One feed made of a file's rows."""

    feed: str
    rows: Literal["all", "first"] = Field(default="all", description="first: only the first row of each fill_down.by.")
    replace: list[str] | None = Field(default=None, description="Columns whose newest set of rows stands.")
    skip: list[Skip] = []
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
                named = [*named, *([rule.from_] if isinstance(rule.from_, str) else rule.from_ or [])]
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
