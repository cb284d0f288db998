"""The sections of network.yaml: every key with its type, bounds and default."""

from datetime import date
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, field_validator, model_validator

from dagster_project.outbound import Days, Number, Section, Share

CUTOFF_LISTS = ("recency_days", "frequency", "monetary")
# Segment -> contacts in 28 days; `default` is for the segments that are not named.
CAPS = {"champions": 8, "default": 4, "at_risk": 2, "hibernating": 1}

Money = Annotated[float, Number, Field(ge=0, allow_inf_nan=False)]


@cache
def known_zone_names() -> set[str]:
    """The IANA names of the time zones there are."""
    return available_timezones()


def _known_timezone(name: str) -> str:
    if name not in known_zone_names():
        raise ValueError("an IANA time zone such as America/New_York")
    return name


class NetworkSection(Section):
    name: str = "Demo Coffee"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "America/New_York"
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"


class PathsSection(Section):
    landing: str = "landing"
    home: str = "home"

    @field_validator("landing")
    @classmethod
    def _no_secret(cls, landing: str) -> str:
        if "://" in landing and urlsplit(landing).password:
            raise ValueError("a url without a password; secrets come from the environment (REGULARS_SFTP_PASSWORD)")
        return landing

    @field_validator("home")
    @classmethod
    def _no_pattern(cls, home: str) -> str:
        if set(home) & set("*?[]"):
            raise ValueError("a path without * ? [ ], which DuckDB reads as a pattern")
        return home


def _in_order(section: Section, low: str, high: str) -> None:
    """Refuse two thresholds that were both written and contradict each other."""
    least, most = getattr(section, low), getattr(section, high)
    if {low, high} <= section.model_fields_set and least > most:
        raise ValueError(f"{low} ({least}) no greater than {high} ({most})")


class IdentitySection(Section):
    auto_merge_probability: Share = 0.95
    review_probability: Share = 0.80
    acknowledged: date | None = None
    model: str | None = None

    @model_validator(mode="after")
    def _review_comes_before_merging(self) -> "IdentitySection":
        _in_order(self, "review_probability", "auto_merge_probability")
        return self


class StalenessSection(Section):
    email_days: Days = 730
    phone_days: Days = 1095
    address_days: Days = 1095


def _ascending(cutoffs: list[float]) -> list[float]:
    if len(cutoffs) != 4 or any(low >= high for low, high in pairwise(cutoffs)):
        raise ValueError("four numbers, each greater than the one before: five scores have four bounds")
    return cutoffs


Cutoffs = Annotated[list[float], AfterValidator(_ascending)]


class RfmSection(Section):
    """With method cutoffs: up to `recency_days[0]` days score 5 ... beyond the last 1; from `frequency[3]` visits or
    `monetary[3]` net on 5 ... below the first 1."""

    method: Literal["quintiles", "cutoffs"] = "quintiles"
    window_days: Days | None = None
    recency_days: Cutoffs | None = None
    frequency: Cutoffs | None = None
    monetary: Cutoffs | None = None

    @model_validator(mode="after")
    def _lists_go_with_their_method(self) -> "RfmSection":
        given = [name for name in CUTOFF_LISTS if getattr(self, name) is not None]
        if self.method == "cutoffs" and len(given) < len(CUTOFF_LISTS):
            missing = [name for name in CUTOFF_LISTS if name not in given]
            raise ValueError(f"method cutoffs with all three lists; missing: {', '.join(missing)}")
        if self.method == "quintiles" and given:
            raise ValueError(f"{', '.join(given)} only with method: cutoffs; quintiles take none")
        return self


class ChurnSection(Section):
    recent_days: Days = 90
    baseline_days: Days = 360
    min_visits: Days = 3
    declining_ratio: Share = 0.60
    critical_ratio: Share = 0.40
    evidence: Share = 0.05
    lapse_warn_quantile: Share = 0.90
    lapse_quantile: Share = 0.97
    lapse_min_days: Days = 14
    lost_valued_days: Days = 730
    complaint_due_days: Days = 2
    complaint_lost_days: Days = 30

    @model_validator(mode="after")
    def _graver_lies_beyond(self) -> "ChurnSection":
        _in_order(self, "critical_ratio", "declining_ratio")
        _in_order(self, "lapse_warn_quantile", "lapse_quantile")
        return self


class ValueSection(Section):
    margin: Share = 1.0
    discount_rate: Share = 0.10


class CostsSection(Section):
    email: Money = 0.001
    sms: Money = 0.02
    call: Money = 2.0
    case: Money = 8.0


class ContactSection(Section):
    caps_per_28_days: dict[str, Annotated[int, Number, Field(ge=0)]] = CAPS
    holdout_share: Share = 0.10

    @field_validator("caps_per_28_days")
    @classmethod
    def _others_keep_their_default(cls, caps: dict[str, int]) -> dict[str, int]:
        return CAPS | caps


class ConsentSection(Section):
    jurisdiction: Literal["US", "CA", "EU", "UK"] = "US"
