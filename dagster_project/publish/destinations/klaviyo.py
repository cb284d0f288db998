"""Klaviyo, revision 2026-07-15: bulk import jobs for profiles and list additions, list removals by profile id.

Never called, because they raise or withdraw consent: profile-subscription-bulk-create-jobs and -delete-jobs,
profile-suppression-bulk-delete-jobs. Imports and list changes leave suppressions alone. People are looked up
by external_id (our customer_id), so that an address stands in a URL only where an id has changed since.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pyrate_limiter import Duration, Rate

from dagster_project.outbound import Destination
from dagster_project.publish.courier import BatchRefused, NotThere, Pace, safe_code
from dagster_project.publish.destinations.over_http import OverHttp
from dagster_project.publish.tool import Engagement, Limits, Receipt, Record, Suppression, Task

REVISION = "2026-07-15"
URL = "https://a.klaviyo.com"
JOBS = "/api/profile-bulk-import-jobs"
# The strictest of the endpoints used: 10 a second, 150 a minute.
RATES = (Rate(10, Duration.SECOND), Rate(150, Duration.MINUTE))
IMPORT = Limits(records=10_000, bytes=5_000_000, record_bytes=100_000)
REMOVE = Limits(records=1_000, bytes=1_000_000, record_bytes=10_000)
_JSON = "application/vnd.api+json"
_PAGE = 100
EVER = "2000-01-01T00:00:00Z"
_OWN_FIELDS = ("first_name", "last_name")
_EVENTS = {
    "Received Email": "delivered",
    "Opened Email": "opened",
    "Clicked Email": "clicked",
    "Bounced Email": "bounced_hard",
    "Dropped Email": "bounced_soft",
    "Marked Email as Spam": "complained",
    "Unsubscribed": "unsubscribed",
}
_REASONS = {"HARD_BOUNCE": "bounced_hard", "SPAM_COMPLAINT": "complained", "UNSUBSCRIBE": "unsubscribed"}


class Klaviyo(OverHttp):
    in_flight = 10

    def __init__(self, destination: Destination, secret: str, pace: Pace):
        headers = {
            "Authorization": f"Klaviyo-API-Key {secret}",
            "revision": REVISION,
            "Accept": _JSON,
            "Content-Type": _JSON,
        }
        super().__init__(destination, pace, headers, RATES, URL)

    def limits(self, task: Task) -> Limits:
        return REMOVE if task.action == "remove" else IMPORT

    def encode(self, task: Task, record: Record) -> str:
        attributes: dict[str, Any] = {"email": record.email, "external_id": record.customer_id}
        given = record.attributes
        attributes |= {name: given[name] for name in _OWN_FIELDS if name in given}
        properties = {name: value for name, value in given.items() if name not in _OWN_FIELDS}
        if properties:
            attributes["properties"] = properties
        return json.dumps({"type": "profile", "attributes": attributes}, separators=(",", ":"))

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        if task.action == "remove":
            return self._remove(task, records)
        content = import_body(encoded, task.list_id)
        answer = self._courier.call("POST", JOBS, content=content).json()
        return Receipt(job_id=answer["data"]["id"])

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        try:
            attributes = self._courier.call("GET", f"{JOBS}/{job_id}").json()["data"]["attributes"]
        except NotThere:
            return Receipt(job_id=job_id)
        if attributes["status"] in ("queued", "processing"):
            return None
        if attributes["status"] == "cancelled":
            return Receipt(job_id=job_id)
        rejected = {}
        if attributes.get("failed_count") != 0:
            places = {record.email.lower(): place for place, record in enumerate(records)}
            for error in self._pages(f"{JOBS}/{job_id}/import-errors", {"page[size]": _PAGE}):
                place = _place(error["attributes"], places)
                if place is not None:
                    rejected[place] = safe_code(error["attributes"].get("code"), "import_error")
        if len(rejected) < (attributes.get("failed_count") or 0):
            raise BatchRefused("import_error")
        return Receipt(rejected)

    def preflight(self) -> None:
        for list_id in self._lists.values():
            self._courier.call("GET", f"/api/lists/{list_id}", params={"fields[list]": "name"})

    def suppressions(self, since: str | None) -> Iterator[Suppression]:
        """Everywhere, or from one list: whoever leaves a list wants to hear less, and nobody can say of what."""
        for kind in ("suppression", "list_suppressions"):
            field = f"subscriptions.email.marketing.{kind}.timestamp"
            query = {
                "additional-fields[profile]": "subscriptions",
                "fields[profile]": "email,subscriptions",
                "filter": f"greater-or-equal({field},{since or EVER})",
                "page[size]": _PAGE,
            }
            for profile in self._pages("/api/profiles", query):
                attributes = profile["attributes"]
                marketing = ((attributes.get("subscriptions") or {}).get("email") or {}).get("marketing") or {}
                for told in marketing.get(kind) or []:
                    reason = _REASONS.get(str(told.get("reason")).upper(), "suppressed")
                    if attributes.get("email"):
                        yield Suppression(attributes["email"], reason, told.get("timestamp"))

    def engagement(self, since: str | None) -> Iterator[Engagement]:
        metrics = self._pages("/api/metrics", {})
        events = {m["id"]: _EVENTS[m["attributes"]["name"]] for m in metrics if m["attributes"]["name"] in _EVENTS}
        for metric_id, event in sorted(events.items(), key=lambda item: item[1]):
            query = {
                "filter": f'equals(metric_id,"{metric_id}"),greater-or-equal(datetime,{since or EVER})',
                "include": "profile",
                "fields[profile]": "email",
                "sort": "datetime",
                "page[size]": 1000,
            }
            for found, people in self._pages_with_included("/api/events", query):
                email = people.get(
                    (((found.get("relationships") or {}).get("profile") or {}).get("data") or {}).get("id")
                )
                told = found["attributes"]
                campaign = (told.get("event_properties") or {}).get("$message")
                if email:
                    yield Engagement(email, event, told["datetime"], campaign, found["id"])

    def read_back(self, records: list[Record]) -> list[dict | None]:
        found = self._look_up(records, "email,external_id,first_name,last_name,properties")
        answers: list[dict | None] = []
        for record in records:
            attributes = found.get(record.email.lower())
            own = {name: attributes.get(name) for name in _OWN_FIELDS} if attributes else {}
            answers.append(attributes and own | (attributes.get("properties") or {}))
        return answers

    def erase(self, record: Record) -> None:
        profile = {"data": {"type": "profile", "attributes": {"email": record.email}}}
        body = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}}
        self._courier.call("POST", "/api/data-privacy-deletion-jobs", content=json.dumps(body))

    def _remove(self, task: Task, records: list[Record]) -> Receipt:
        """Whom the tool knows neither by id nor by address is on no list of it: after a merge the id is another."""
        found = self._look_up(records, "email")
        unknown = [record for record in records if record.email.lower() not in found]
        found |= self._look_up(unknown, "email", by="email")
        ids = [{"type": "profile", "id": found[r.email.lower()]["id"]} for r in records if r.email.lower() in found]
        if ids:
            path = f"/api/lists/{task.list_id}/relationships/profiles"
            self._courier.call("DELETE", path, content=json.dumps({"data": ids}))
        return Receipt()

    def _look_up(self, records: list[Record], fields: str, by: str = "external_id") -> dict[str, dict]:
        """Lower-cased address -> attributes and id of the tool's profile."""
        found = {}
        named = [record.email if by == "email" else record.customer_id for record in records]
        for start in range(0, len(records), _PAGE):
            names = json.dumps(named[start : start + _PAGE], separators=(",", ":"))
            query = {"filter": f"any({by},{names})", "fields[profile]": fields, "page[size]": _PAGE}
            for profile in self._pages("/api/profiles", query):
                email = profile["attributes"].get("email") or ""
                found[email.lower()] = profile["attributes"] | {"id": profile["id"]}
        return found

    def _pages(self, path: str, query: dict) -> Iterator[dict]:
        for item, _ in self._pages_with_included(path, query):
            yield item

    def _pages_with_included(self, path: str, query: dict) -> Iterator[tuple[dict, dict[str, str]]]:
        """Every item of a cursor-paged collection, with the addresses of the profiles that came along."""
        cursor = None
        while True:
            params = query | ({"page[cursor]": cursor} if cursor else {})
            page = self._courier.call("GET", path, params=params).json()
            included = page.get("included") or []
            people = {p["id"]: p["attributes"].get("email") for p in included if p.get("type") == "profile"}
            for item in page["data"]:
                yield item, people
            cursor = _cursor((page.get("links") or {}).get("next"))
            if not cursor:
                return


def import_body(encoded: list[str], list_id: str) -> str:
    """The body of a bulk import job over profiles encoded already; with a list they are put on it."""
    lists = f',"relationships":{{"lists":{{"data":[{{"type":"list","id":{json.dumps(list_id)}}}]}}}}' if list_id else ""
    profiles = ",".join(encoded)
    attributes = f'"attributes":{{"profiles":{{"data":[{profiles}]}}}}'
    return f'{{"data":{{"type":"profile-bulk-import-job",{attributes}{lists}}}}}'


def _place(error: dict, places: dict[str, int]) -> int | None:
    """Which record of the batch an import error is about: by its address, else by its pointer."""
    payload = error.get("original_payload") or {}
    email = payload.get("email") or (payload.get("attributes") or {}).get("email")
    if isinstance(email, str) and email.lower() in places:
        return places[email.lower()]
    numbers = [part for part in str((error.get("source") or {}).get("pointer")).split("/") if part.isdigit()]
    return int(numbers[0]) if numbers and int(numbers[0]) < len(places) else None


def _cursor(link: str | None) -> str | None:
    return (parse_qs(urlsplit(link).query).get("page[cursor]") or [None])[0] if link else None
