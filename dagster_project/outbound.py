"""What network.yaml says about what leaves: limits, overrides of a guard, and destinations.

Secrets never stand here: `key_env` is the name of an environment variable.
"""

import re
from datetime import date
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator


def _no_truth_value(value: object) -> object:
    # YAML reads yes and on as true, which would count as 1.
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


def _time_of_day(told: str) -> str:
    if not re.fullmatch("([01]?[0-9]|2[0-3]):[0-5][0-9]", told):
        raise ValueError("a time of day such as 06:30")
    return told.zfill(5)


Number = BeforeValidator(_no_truth_value)
Share = Annotated[float, Number, Field(ge=0, le=1)]
Days = Annotated[int, Number, Field(ge=1)]
Name = Annotated[str, Field(pattern="^[a-z0-9_]+$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
Guard = Literal[
    "empty", "shrink", "removals", "changes", "rejects", "duplicate_keys", "suppressions_age", "unknown_fields"
]

EVERYONE = "email_profiles"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# type -> keys it must have, and keys it may have beside name, type, location and mode.
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "file": ((), ()),
    "klaviyo": (("key_env", "lists"), ("url",)),
    "mailchimp": (("key_env", "lists", "url"), ()),
    "brevo": (("key_env", "lists"), ("url",)),
    "webhook": (("key_env", "url"), ("lists",)),
    "sftp": (("url",), ("key_env",)),
    "s3": (("url",), ("key_env",)),
}
_SCHEMES = {"sftp": ("sftp",), "s3": ("s3",)}


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Override(Section):
    """One guard set aside, by somebody and for a reason; for one destination or audience, or for all.

    until: the last as_of_date it holds for.
    """

    guard: Guard
    by: Said
    reason: Said
    destination: Name | None = None
    audience: Name | None = None
    until: date | None = None

    def covers(self, guard: str, destination: str, audience: str, as_of_date: date) -> bool:
        return (
            guard == self.guard
            and self.destination in (None, destination)
            and self.audience in (None, audience)
            and (self.until is None or as_of_date <= self.until)
        )


class PublishSection(Section):
    max_audience_shrink: Share = 0.10
    max_removals: Share = 0.05
    max_changes: Share = 0.50
    max_rejects: Share = 0.02
    keep_last: Days = 7
    ready_by: Annotated[str, AfterValidator(_time_of_day)] = "06:30"
    overrides: list[Override] = []


class Destination(Section):
    """Where audiences go. lists: audience -> the tool's own id of the list (or tag) that holds it.

    location: only customers whose home it is, with a credential, lists and outbox of their own.
    mode: mirror takes people off a list when they leave the audience; upsert only when they may not be mailed.
    """

    name: Name
    type: Literal["file", "klaviyo", "webhook", "sftp", "s3", "mailchimp", "brevo"]
    url: str | None = None
    key_env: Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$")] | None = None
    lists: dict[Name, str] = {}
    location: str | None = None
    mode: Literal["mirror", "upsert"] = "mirror"

    @model_validator(mode="after")
    def _keys_fit_the_type(self) -> Self:
        required, allowed = _KEYS[self.type]
        given = {key for key in ("url", "key_env", "lists") if getattr(self, key)}
        if missing := [key for key in required if key not in given]:
            raise ValueError(f"type {self.type} with {', '.join(missing)}")
        if surplus := sorted(given - {*required, *allowed}):
            raise ValueError(f"type {self.type} without {', '.join(surplus)}")
        if self.url:
            self._url_is_safe(self.url)
        return self

    def _url_is_safe(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.password or (parts.username and self.type != "sftp") or parts.query or parts.fragment:
            raise ValueError(
                "a url without a password and without ? and #; secrets come from the environment (key_env)"
            )
        schemes = _SCHEMES.get(self.type, ("https",))
        is_local = self.type not in _SCHEMES and parts.scheme == "http" and parts.hostname in _LOOPBACK
        if parts.scheme not in schemes and not is_local:
            raise ValueError(f"a url that begins with {' or '.join(schemes)}://")
