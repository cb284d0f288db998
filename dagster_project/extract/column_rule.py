"""How one column of a feed is made: the words of a contract that speak of cells, apart from those about a file."""

from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

DELIVERED = "delivered"
ORIGINS = ("from", "first_of", "multiply", "add", "constant", "cases", "from_folder")


# A rate of tax, in percent.
Rate = Annotated[float, Field(ge=0, le=100)]


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
        if self.matches is not None:
            try:
                pc.match_substring_regex(pa.array([""]), self.matches)
            except pa.ArrowInvalid as error:
                raise ValueError(f"matches is no regular expression that RE2 reads ({error})") from error
        return self


class Case(Words):
    when: dict[str, Test] = Field(min_length=1)
    then: str


class ColumnRule(Words):
    """How one feed column is made: one origin, then what is done to its text."""

    from_: str | list[str] | None = Field(default=None, alias="from", description="A header, or several to join.")
    separator: str = Field(default=" ", description="Stands between joined values.")
    complete: bool = Field(default=False, description="Joined only when no part is empty: for derived keys.")
    first_of: list[str] | None = Field(default=None, description="The first header that is not empty.")
    multiply: list[str] | None = None
    add: list[str] | None = Field(default=None, description="Amounts added; empty ones count as nothing.")
    subtract: list[str] = Field(default=[], description="Amounts taken off `from`, `multiply` or `add`.")
    net_of_rate: str | None = Field(
        default=None, description="The header with the rate of the tax that the amount includes; it is taken off."
    )
    rates: dict[str, Rate] = Field(
        default={}, description='What is written in `net_of_rate` -> the rate in percent: {A: 19, B: 7, "": 0}.'
    )
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
        if self.net_of_rate and not (self.from_ or self.multiply or self.add):
            raise ValueError("net_of_rate needs from, multiply or add: an amount to take the tax off")
        if self.rates and not self.net_of_rate:
            raise ValueError("rates needs net_of_rate: the header where they are written")
        return self

    @property
    def is_computed(self) -> bool:
        """Whether its amount is worked out of several cells."""
        return bool(self.multiply or self.add or self.subtract or self.net_of_rate)

    @property
    def from_headers(self) -> list[str]:
        return [self.from_] if isinstance(self.from_, str) else list(self.from_ or [])

    @property
    def headers(self) -> list[str]:
        """Every header this column reads."""
        named = [*self.from_headers, *(self.first_of or []), *(self.multiply or []), *(self.add or []), *self.subtract]
        named += [header for case in self.cases or [] for header in case.when]
        named += [header for when in self.zero_when for header in when]
        return named + [header for header in (self.net_of_rate, self.zone_from) if header]

    @property
    def amounts(self) -> list[str]:
        """The headers whose cells it reads as amounts, if its column is one."""
        named = [self.from_] if isinstance(self.from_, str) else []
        return [*named, *(self.first_of or []), *(self.multiply or []), *(self.add or []), *self.subtract]

    @property
    def deciding(self) -> list[str]:
        """The headers without one of which this column would be another value, not an unknown one."""
        whens = [*(case.when for case in self.cases or []), *self.zero_when]
        named = [*(self.multiply or []), *(self.add or []), *self.subtract, *(h for when in whens for h in when)]
        if self.subtract or self.net_of_rate:
            named += self.from_headers
        return named + [header for header in (self.net_of_rate, self.zone_from) if header]

    @property
    def needs_header(self) -> bool:
        """Whether the column is empty when none of its headers is there."""
        return self.constant is None and self.from_folder is None and self.when_empty != DELIVERED
