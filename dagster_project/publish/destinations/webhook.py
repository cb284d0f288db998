"""A webhook: signed batches of JSON for every tool that has no module of its own.

POST <url> {"destination", "operation": "upsert"|"add"|"remove"|"erase", "audience", "list", "records":
[{"email", "customer_id", "attributes"}]} with Idempotency-Key (SHA-256 of the body) and X-Regulars-Signature: t=<unix>,
v1=<hex HMAC-SHA-256 of "<t>." and the body under the shared secret>. A 2xx takes the batch; its body may name
rejects: {"errors": [{"index": 3, "code": "bad_address"}]}. GET <url> answers {"suppressions": [{"email", "reason",
"at"}], "events": [{"id", "email", "event", "at", "campaign_id"}], "next": cursor}, or 204 when it keeps none.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import httpx
from pyrate_limiter import Duration, Rate

from dagster_project.outbound import Destination
from dagster_project.publish.courier import BatchRefused, Pace, safe_code
from dagster_project.publish.destinations.over_http import OverHttp
from dagster_project.publish.tool import Engagement, Limits, Receipt, Record, Suppression, Task

RATES = (Rate(10, Duration.SECOND),)
LIMITS = Limits(records=1_000, bytes=1_000_000, record_bytes=100_000)
SIGNATURE = "X-Regulars-Signature"
_REASONS = ("unsubscribed", "complained", "bounced_hard")


class Webhook(OverHttp):
    in_flight = 1

    def __init__(self, destination: Destination, secret: str, pace: Pace):
        self._name, self._secret = destination.name, secret.encode()
        super().__init__(destination, pace, {"Content-Type": "application/json"}, RATES)

    def limits(self, task: Task) -> Limits:
        return LIMITS

    def encode(self, task: Task, record: Record) -> str:
        told = {"email": record.email, "customer_id": record.customer_id}
        return json.dumps(told | ({"attributes": record.attributes} if task.action == "upsert" else {}))

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        head = {"destination": self._name, "operation": task.action, "audience": task.audience, "list": task.list_id}
        body = f'{json.dumps(head)[:-1]}, "records": [{",".join(encoded)}]}}'.encode()
        answer = self._courier.call("POST", "", content=body, headers=self._signed(body))
        told = _read(answer)
        errors = told.get("errors") or [] if isinstance(told, dict) else []
        return Receipt({e["index"]: safe_code(e.get("code"), "rejected") for e in errors if _is_place(e, len(records))})

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        raise NotImplementedError("a webhook takes batches at once")

    def preflight(self) -> None:
        self._page(None)

    def suppressions(self, since: str | None) -> Iterator[Suppression] | None:
        return (
            Suppression(one["email"], one["reason"] if one.get("reason") in _REASONS else "suppressed", one.get("at"))
            for one in self._all("suppressions")
        )

    def engagement(self, since: str | None) -> Iterator[Engagement]:
        return (
            Engagement(one["email"], one["event"], one["at"], one.get("campaign_id"), one.get("id"))
            for one in self._all("events")
            if since is None or one["at"] >= since
        )

    def read_back(self, records: list[Record]) -> None:
        return None

    def erase(self, record: Record) -> None:
        task = Task("erase")
        refused = self.submit(task, [record], [self.encode(task, record)]).rejected
        if refused:
            raise BatchRefused(refused[0])

    def _all(self, what: str) -> Iterator[dict]:
        cursor = None
        while True:
            page = self._page(cursor)
            yield from page.get(what) or []
            cursor = page.get("next")
            if not cursor:
                return

    def _page(self, cursor: str | None) -> dict:
        params = {"cursor": cursor} if cursor else {}
        answer = self._courier.call("GET", "", params=params, headers=self._signed((cursor or "").encode()))
        return answer.json() if answer.content else {}

    def _signed(self, body: bytes) -> dict[str, str]:
        """Anew for each call: a receiver refuses what is old."""
        at = str(int(time.time()))
        mark = hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {SIGNATURE: f"t={at},v1={mark}", "Idempotency-Key": hashlib.sha256(body).hexdigest()}


def _read(answer: httpx.Response) -> object:
    """What a receiver says beside its 2xx, which alone takes the batch: many just say OK."""
    try:
        return answer.json()
    except ValueError:
        return {}


def _is_place(error: object, most: int) -> bool:
    return isinstance(error, dict) and isinstance(error.get("index"), int) and 0 <= error["index"] < most
