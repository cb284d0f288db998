"""Brevo, API v3: contact imports as processes, list removals by address in the body.

Never sent: emailBlacklist and smsBlacklist (they hit the whole batch), and emptyContactsAttributes stays false, as
true would erase what others wrote. Unknown attributes are ignored by Brevo without a word, so they are refused here.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import quote

from pyrate_limiter import Duration, Rate

from dagster_project.outbound import Destination
from dagster_project.publish.courier import BatchRefused, DestinationStopped, NotThere, Pace
from dagster_project.publish.destinations.over_http import OverHttp
from dagster_project.publish.tool import Engagement, Fields, Limits, Reason, Receipt, Record, Suppression, Task

URL = "https://api.brevo.com"
RATES = (Rate(10, Duration.SECOND),)
# 10 MB are allowed and 8 advised. A process does not say whom it refused, so such a batch is halved and sent again.
IMPORT = Limits(records=10_000, bytes=8_000_000, record_bytes=100_000)
REMOVE = Limits(records=150, bytes=1_000_000, record_bytes=10_000)
_PAGE = 1_000
_BLOCKED_PAGE = 100
_FIELDS = {"first_name": "FIRSTNAME", "last_name": "LASTNAME"}
_EVENTS = {
    "messagesSent": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "hardBounces": "bounced_hard",
    "softBounces": "bounced_soft",
    "complaints": "complained",
}
# Why Brevo blocks somebody; every other code is a word of theirs, or of an administrator's.
_REASONS: dict[str, Reason] = {
    "hardBounce": "bounced_hard",
    "contactFlaggedAsSpam": "complained",
    "adminBlocked": "suppressed",
}
_GRAVEST: dict[str, Reason] = {"complaints": "complained", "hardBounces": "bounced_hard"}
# One by one, ten a second: what a night has time for.
_LOOKED_UP = 10_000


class Brevo(OverHttp):
    in_flight = 5

    def __init__(self, destination: Destination, secret: str, pace: Pace):
        headers = {"api-key": secret, "Accept": "application/json", "Content-Type": "application/json"}
        super().__init__(destination, pace, headers, RATES, URL)

    def limits(self, task: Task) -> Limits:
        return REMOVE if task.action == "remove" else IMPORT

    def encode(self, task: Task, record: Record) -> str:
        if task.action == "remove":
            return json.dumps(record.email)
        attributes = {brevo_field(name): value for name, value in record.attributes.items()}
        if task.action == "upsert":
            attributes["EXT_ID"] = record.customer_id
        return json.dumps({"email": record.email, "attributes": attributes}, separators=(",", ":"))

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        rows = ",".join(encoded)
        if task.action == "remove":
            path = f"/v3/contacts/lists/{int(task.list_id)}/contacts/remove"
            try:
                self._courier.call("POST", path, content=f'{{"emails":[{rows}]}}')
            except BatchRefused:
                # Brevo refuses a batch in which nobody is on the list; that is where they should be.
                if len(records) > 1:
                    raise
            return Receipt()
        body = f'{{"jsonBody":[{rows}],"updateExistingContacts":true,"emptyContactsAttributes":false'
        lists = f',"listIds":[{int(task.list_id)}]' if task.list_id else ""
        answer = self._courier.call("POST", "/v3/contacts/import", content=f"{body}{lists}}}").json()
        return Receipt(job_id=str(answer["processId"]))

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        try:
            process = self._courier.call("GET", f"/v3/processes/{job_id}").json()
        except NotThere:
            return Receipt(job_id=job_id)
        if process["status"] not in ("completed", "failed"):
            return None
        told = (process.get("info") or {}).get("import") or {}
        if process["status"] == "failed" or any(told.get(key) for key in ("invalid_emails", "invalid_contacts")):
            raise BatchRefused("invalid_email")
        return Receipt()

    def preflight(self) -> Fields:
        known = self._courier.call("GET", "/v3/contacts/attributes").json()["attributes"]
        return Fields(frozenset(attribute["name"] for attribute in known), brevo_field)

    def suppressions(self, since: str | None) -> Iterator[Suppression]:
        """Whom single messages are blocked for, with the reason, then who is out of campaigns, whose reason stands in
        what happened to them: a bounce is not their own word."""
        reasons, looked_up = {}, 0
        for blocked in self._blocked(since):
            code = (blocked.get("reason") or {}).get("code")
            reason = reasons[blocked["email"].lower()] = _REASONS.get(code, "unsubscribed")
            yield Suppression(blocked["email"], reason, blocked.get("blockedAt"))
        for contact in self._contacts(since):
            if contact.get("emailBlacklisted") and contact["email"].lower() not in reasons:
                looked_up += 1
                reason = self._why(contact) if looked_up <= _LOOKED_UP else "suppressed"
                yield Suppression(contact["email"], reason, contact.get("modifiedAt"))

    def engagement(self, since: str | None) -> Iterator[Engagement]:
        """Per contact and campaign, as each contact's own statistics tell it, of the last 90 days at most."""
        contacts = [contact for contact in islice(self._contacts(since), _LOOKED_UP + 1) if contact.get("email")]
        if len(contacts) > _LOOKED_UP:
            raise DestinationStopped(
                f"destination {self._courier.name}: over {_LOOKED_UP:,} contacts changed, and Brevo tells what "
                "happened one by one; export it there into the feed engagement"
            )
        for contact in contacts:
            for event, one in _happened(self._statistics(contact)):
                at = one.get("eventTime")
                if at and (since is None or _moment(at) >= _moment(since)):
                    yield Engagement(contact["email"], event, at, str(one.get("campaignId") or "") or None)

    def read_back(self, records: list[Record]) -> None:
        """Brevo looks a contact up by its address in the URL, which stays unsaid."""
        return

    def erase(self, record: Record) -> None:
        """By our own id, so that no address stands in a URL; whom Brevo knows without it, by the address alone."""
        if record.customer_id:
            try:
                path = f"/v3/contacts/{quote(record.customer_id, safe='')}"
                self._courier.call("DELETE", path, params={"identifierType": "ext_id"})
            except NotThere:
                pass
            else:
                return
        path = f"/v3/contacts/{quote(record.email, safe='')}"
        self._courier.call("DELETE", path, params={"identifierType": "email_id"})

    def _why(self, contact: dict) -> Reason:
        """The gravest of what happened to a contact of late; their own word where nothing else did."""
        told = self._statistics(contact)
        return next((reason for kind, reason in _GRAVEST.items() if told.get(kind)), "unsubscribed")

    def _statistics(self, contact: dict) -> dict:
        """What happened to a contact; asked for by Brevo's own id, which names nobody."""
        answer = self._courier.call("GET", f"/v3/contacts/{contact['id']}", params={"identifierType": "contact_id"})
        return answer.json().get("statistics") or {}

    def _blocked(self, since: str | None) -> Iterator[dict]:
        days = {"startDate": since[:10], "endDate": f"{datetime.now(UTC):%Y-%m-%d}"} if since else {}
        offset = 0
        while True:
            query = {"limit": _BLOCKED_PAGE, "offset": offset} | days
            page = self._courier.call("GET", "/v3/smtp/blockedContacts", params=query).json().get("contacts") or []
            yield from page
            if len(page) < _BLOCKED_PAGE:
                return
            offset += _BLOCKED_PAGE

    def _contacts(self, since: str | None) -> Iterator[dict]:
        offset = 0
        while True:
            query = {"limit": _PAGE, "offset": offset, "sort": "asc"} | ({"modifiedSince": since} if since else {})
            page = self._courier.call("GET", "/v3/contacts", params=query).json()["contacts"]
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE


def _happened(statistics: dict) -> Iterator[tuple[str, dict]]:
    """(event, what is told of it); clicks stand link by link, unsubscribes by who said so."""
    for kind, event in _EVENTS.items():
        for one in statistics.get(kind) or []:
            for part in one.get("links") or [one]:
                yield event, part | {"campaignId": one.get("campaignId")}
    for told in ((statistics.get("unsubscriptions") or {}).get("userUnsubscription")) or []:
        yield "unsubscribed", told


def _moment(at: str) -> datetime:
    """Brevo tells times in the account's zone, and asks for ours."""
    moment = datetime.fromisoformat(at)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def brevo_field(name: str) -> str:
    """Brevo's attributes are written in capitals."""
    return _FIELDS.get(name, name.upper())
