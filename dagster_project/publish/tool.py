"""What every tool with an API offers the engine, and what passes between them.

A Record has an address, an id and attributes, and no field for consent: what a tool knows about somebody's
subscription cannot be overwritten, because it cannot be said.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

Reason = Literal["unsubscribed", "complained", "bounced_hard", "suppressed"]
Action = Literal["upsert", "add", "remove", "erase"]
ACTIONS: tuple[Action, ...] = ("upsert", "add", "remove", "erase")


@dataclass(frozen=True, slots=True)
class Record:
    """One person as a tool is told: attributes for an upsert, none for a membership."""

    email: str
    customer_id: str
    attributes: dict[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What one batch does: upsert profiles, or add to or remove from the tool's list (its own id)."""

    action: Action
    audience: str = ""
    list_id: str = ""


@dataclass(frozen=True)
class Limits:
    """Of one request: records, bytes of the whole, bytes of one record."""

    records: int
    bytes: int
    record_bytes: int


@dataclass(frozen=True)
class Receipt:
    """What became of a batch: done, with the code of each rejected record by place; or a job to ask about."""

    rejected: dict[int, str] = field(default_factory=dict)
    job_id: str | None = None


@dataclass(frozen=True)
class Suppression:
    """Somebody whom a tool must not mail; at is ISO 8601, or None when the tool does not say: then the fetch's."""

    email: str
    reason: Reason
    at: str | None


@dataclass(frozen=True)
class Engagement:
    """Something somebody did with a message; event as in the feed engagement. event_id: the tool's own, if it has."""

    email: str
    event: str
    at: str
    campaign_id: str | None
    event_id: str | None = None


@dataclass(frozen=True)
class Fields:
    """The fields a tool has, and what an attribute is called there; of others it would take no notice."""

    known: frozenset[str]
    name_of: Callable[[str], str]


class Tool(Protocol):
    """One tool with a credential: small, stateless, and without a call that could raise anybody's consent."""

    in_flight: int
    requests: int

    def limits(self, task: Task) -> Limits: ...

    def encode(self, task: Task, record: Record) -> str:
        """A record as the JSON that stands in a batch; its length counts against the limits."""

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        """Send one batch. Raises BatchRefused or DestinationStopped."""

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        """What became of a job: None while it is at work, a receipt with its id again when it must be sent anew."""

    def preflight(self) -> Fields | None:
        """Try the credential, writing nothing. The tool's fields, or None when it takes any."""

    def suppressions(self, since: str | None) -> Iterator[Suppression] | None:
        """Whom the tool has learnt not to mail since; None when it keeps no such list."""

    def engagement(self, since: str | None) -> Iterator[Engagement]: ...

    def read_back(self, records: list[Record]) -> list[dict | None] | None:
        """Attributes as the tool has them now, None for whom it does not know; None when it cannot be asked."""

    def erase(self, record: Record) -> None:
        """Have the tool forget a person, as the law calls it (GDPR, art. 17). customer_id is '' for whom we never sent.

        Raises NotThere for whom the tool does not know, BatchRefused or DestinationStopped.
        """

    def close(self) -> None: ...
