"""Mailchimp, Marketing API 3.0: /batches of one operation per member, by the MD5 of the lower-cased address.

A member is PUT with `status_if_new` alone: it counts only for somebody Mailchimp has never met, and whoever it knows
keeps their status. `status`, which would overwrite an unsubscribe, is written by no call here. The list all of them
live in is lists.email_profiles. Audiences are its tags, everyone's too: nobody can leave a list without being
unsubscribed or archived, which forgets an unsubscribe of the same hour, so campaigns go to a tag.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
from pyrate_limiter import Duration, Rate

from dagster_project.errors import NetworkError
from dagster_project.outbound import EVERYONE, Destination
from dagster_project.publish.courier import NotThere, Pace
from dagster_project.publish.destinations.over_http import OverHttp
from dagster_project.publish.tool import Engagement, Fields, Limits, Receipt, Record, Suppression, Task

RATES = (Rate(10, Duration.SECOND),)
LIMITS = Limits(records=500, bytes=4_000_000, record_bytes=100_000)
# Whom Mailchimp has never met has consented here: only marketable customers ever leave.
_NEW = "subscribed"
_PAGE = 1_000
_RESULTS_BYTES = 200_000_000
_TAG = 10
_FIELDS = {"first_name": "FNAME", "last_name": "LNAME"}
_REASONS = {"unsubscribed": "unsubscribed", "cleaned": "bounced_hard"}


class Mailchimp(OverHttp):
    in_flight = 10

    def __init__(self, destination: Destination, secret: str, pace: Pace):
        if EVERYONE not in destination.lists:
            raise NetworkError(f"destination {destination.name}: lists.{EVERYONE} is Mailchimp's id of the audience")
        self._list = destination.lists[EVERYONE]
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        super().__init__(destination, pace, headers, RATES, is_throttle=_is_throttle)

    def limits(self, task: Task) -> Limits:
        return LIMITS

    def encode(self, task: Task, record: Record) -> str:
        member = member_hash(record.email)
        path = f"/lists/{self._list}/members/{member}"
        if task.action == "upsert":
            fields = {field_name(name): value for name, value in record.attributes.items() if value is not None}
            body = {"email_address": record.email, "status_if_new": _NEW, "merge_fields": fields}
            operation = {"method": "PUT", "path": path}
        else:
            status = "active" if task.action == "add" else "inactive"
            tag = EVERYONE if task.audience == EVERYONE else task.list_id
            body = {"tags": [{"name": tag, "status": status}]}
            operation = {"method": "POST", "path": f"{path}/tags"}
        return json.dumps(operation | {"operation_id": member, "body": json.dumps(body)}, separators=(",", ":"))

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        content = f'{{"operations":[{",".join(encoded)}]}}'
        return Receipt(job_id=self._courier.call("POST", "/3.0/batches", content=content).json()["id"])

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        try:
            batch = self._courier.call("GET", f"/3.0/batches/{job_id}").json()
        except NotThere:
            return Receipt(job_id=job_id)
        if batch["status"] != "finished":
            return None
        if not batch.get("errored_operations"):
            return Receipt()
        places = {member_hash(record.email): place for place, record in enumerate(records)}
        gone = task.action == "remove"
        rejected = {}
        for result in batch_results(self._courier.fetch(batch["response_body_url"])):
            status = result.get("status_code", 0)
            # Nobody there to take a tag from is as good as its taking.
            if status >= 400 and not (gone and status == 404) and result.get("operation_id") in places:
                rejected[places[result["operation_id"]]] = f"http_{status}"
        return Receipt(rejected)

    def preflight(self) -> Fields:
        """The merge fields the list has; Mailchimp would ignore others without a word."""
        query = {"count": _PAGE, "fields": "merge_fields.tag"}
        answer = self._courier.call("GET", f"/3.0/lists/{self._list}/merge-fields", params=query).json()
        return Fields(frozenset(field["tag"] for field in answer["merge_fields"]), field_name)

    def suppressions(self, since: str | None) -> Iterator[Suppression]:
        for status, reason in _REASONS.items():
            query = {"status": status, "fields": "members.email_address,members.last_changed"}
            for member in self._members(query | ({"since_last_changed": since} if since else {})):
                yield Suppression(member["email_address"], reason, member.get("last_changed"))

    def engagement(self, since: str | None) -> Iterator[Engagement]:
        """Of the campaigns that went out since, or in the month before: that is how long people open one."""
        query = {"fields": "campaigns.id,campaigns.send_time", "status": "sent"}
        query |= {"since_send_time": _month_before(since)} if since else {}
        for campaign in self._all("/3.0/campaigns", "campaigns", query):
            report, sent_at = f"/3.0/reports/{campaign['id']}", campaign.get("send_time")
            if sent_at and (since is None or sent_at >= since):
                people = self._all(f"{report}/sent-to", "sent_to", {"fields": "sent_to.email_address"})
                for person in people:
                    yield Engagement(person["email_address"], "sent", sent_at, campaign["id"])
            for person in self._all(f"{report}/email-activity", "emails", {"since": since} if since else {}):
                for act in person.get("activity") or []:
                    event = {"open": "opened", "click": "clicked", "bounce": _bounce(act)}.get(act.get("action"))
                    if event:
                        yield Engagement(person["email_address"], event, act["timestamp"], campaign["id"])

    def read_back(self, records: list[Record]) -> list[dict | None]:
        answers: list[dict | None] = []
        for record in records:
            path = f"/3.0/lists/{self._list}/members/{member_hash(record.email)}"
            try:
                told = self._courier.call("GET", path, params={"fields": "merge_fields"}).json()["merge_fields"]
            except NotThere:
                answers.append(None)
                continue
            answers.append({name: told.get(field_name(name)) for name in record.attributes})
        return answers

    def erase(self, record: Record) -> None:
        path = f"/3.0/lists/{self._list}/members/{member_hash(record.email)}/actions/delete-permanent"
        self._courier.call("POST", path)

    def _members(self, query: dict) -> Iterator[dict]:
        yield from self._all(f"/3.0/lists/{self._list}/members", "members", query)

    def _all(self, path: str, what: str, query: dict) -> Iterator[dict]:
        """Every item of a collection, page by page."""
        offset = 0
        while True:
            page = {"count": _PAGE, "offset": offset}
            found = self._courier.call("GET", path, params=query | page).json()[what]
            yield from found
            if len(found) < _PAGE:
                return
            offset += _PAGE


def member_hash(email: str) -> str:
    """Mailchimp's key of a member."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


def field_name(name: str) -> str:
    """Merge tags are written in capitals, ten characters at most: a longer name keeps the beginning of each word."""
    words = name.upper().split("_")
    short = "".join(word[: _TAG // len(words)] for word in words)
    return _FIELDS.get(name, name.upper() if len(name) <= _TAG else short)


def batch_results(archive: bytes) -> Iterator[dict]:
    """The results in the tar.gz that a batch leaves behind; nothing is unpacked to disk."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        left = _RESULTS_BYTES
        for member in packed:
            file = packed.extractfile(member) if member.isfile() and member.name.endswith(".json") else None
            left -= member.size
            if file is not None and left >= 0:
                yield from json.load(file)


def _month_before(since: str) -> str:
    return f"{datetime.fromisoformat(since) - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"


def _bounce(act: dict) -> str:
    return "bounced_hard" if act.get("type") == "hard" else "bounced_soft"


def _is_throttle(response: httpx.Response) -> bool:
    """Too many connections can be answered by a 403 that says nothing; a refusal of the key says why."""
    return response.status_code == 403 and not response.headers.get("content-type", "").startswith("application")
