"""Mailchimp, Brevo and a webhook's receiver as stateful fakes, on the server and with the faults of fake_tool."""

import hashlib
import hmac
import io
import json
import tarfile
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import unquote

from tests.integration.publish.fake_tool import REFUSED_IN_JOB, SPOILS_BATCH, FakeTool


@dataclass
class FakeMailchimp(FakeTool):
    """Members by MD5 of the address; status_if_new counts only for somebody new."""

    members_of: dict[str, dict] = field(default_factory=dict)
    archives: dict[str, bytes] = field(default_factory=dict)
    merge_tags: tuple[str, ...] = ("FNAME", "FAVOURITE", "LIFETAMOUN")

    def refusal(self, headers: Message, raw: bytes) -> int | None:
        if headers.get("authorization") != f"Bearer {self.key}":
            return 401
        return None

    def endpoint(self, asked: tuple[str, ...], query: dict, body: dict) -> tuple[int, dict]:  # noqa: PLR0911
        match asked:
            case ("POST", "batches"):
                return self.batch(body["operations"])
            case ("GET", "batches", batch_id):
                return 200, self.jobs[batch_id]
            case ("GET", "lists", _, "merge-fields"):
                return 200, {"merge_fields": [{"tag": tag} for tag in self.merge_tags]}
            case ("GET", "lists", _, "members"):
                found = [m | {"tags": []} for m in self.members_of.values() if m["status"] == query["status"]]
                return 200, {"members": found[int(query["offset"]) :]}
            case ("GET", "lists", _, "members", member):
                return (200, self.members_of[member] | {"tags": []}) if member in self.members_of else (404, {})
            case ("GET", "campaigns"):
                return 200, {"campaigns": [{"id": "spring", "send_time": "2026-10-29T09:00:00+00:00"}]}
            case ("GET", "reports", _, "sent-to"):
                people = [{"email_address": f"c{n:03d}@example.com"} for n in range(1, 1002)]
                start = int(query["offset"])
                return 200, {"sent_to": people[start : start + int(query["count"])]}
            case ("GET", "reports", _, "email-activity"):
                opened = {"action": "open", "timestamp": "2026-10-30T10:00:00+00:00"}
                return 200, {"emails": [{"email_address": "c003@example.com", "activity": [opened]}]}
            case ("POST", "lists", _, "members", member, "actions", "delete-permanent"):
                return (204, {}) if self.members_of.pop(member, None) else (404, {})
        return 404, {}

    def elsewhere(self, path: str, headers: Message) -> tuple[int, bytes]:
        """Another host's in truth: who shows it the credential has given it away."""
        return (403, b"") if "authorization" in headers else (200, self.archives[path.rpartition("/")[2]])

    def batch(self, operations: list[dict]) -> tuple[int, dict]:
        if len(operations) > 500:
            return 400, {}
        results = [self.operate(one) for one in operations]
        batch_id = f"batch{len(self.jobs)}"
        self.archives[batch_id] = packed(results)
        failed = sum(result["status_code"] >= 400 for result in results)
        url = f"{self.url}/elsewhere/{batch_id}"
        self.jobs[batch_id] = {
            "id": batch_id,
            "status": "finished",
            "errored_operations": failed,
            "response_body_url": url,
        }
        return 200, {"id": batch_id, "status": "pending"}

    def operate(self, operation: dict) -> dict:
        member = operation["path"].split("/")[4]
        body = json.loads(operation["body"])
        result = {"operation_id": operation["operation_id"], "status_code": 200}
        if operation["method"] == "PUT":
            if body["email_address"].startswith(REFUSED_IN_JOB):
                return result | {"status_code": 400, "response": f"{body['email_address']} looks fake"}
            known = self.members_of.setdefault(member, {"status": body["status_if_new"], "tags": set()})
            if "status" in body:
                known["status"] = body["status"]
            known |= {"email_address": body["email_address"], "merge_fields": body["merge_fields"]}
        elif member not in self.members_of:
            return result | {"status_code": 404}
        for tag in body.get("tags", []):
            tags = self.members_of[member]["tags"]
            tags.add(tag["name"]) if tag["status"] == "active" else tags.discard(tag["name"])
        return result

    def tagged(self, tag: str) -> set[str]:
        return {m["email_address"] for m in self.members_of.values() if tag in m["tags"]}


def packed(results: list[dict]) -> bytes:
    content = json.dumps(results).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo("results/1.json")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return archive.getvalue()


@dataclass
class FakeBrevo(FakeTool):
    contacts: dict[str, dict] = field(default_factory=dict)
    statistics: dict[str, dict] = field(default_factory=dict)
    blocked: list[dict] = field(default_factory=list)

    def refusal(self, headers: Message, raw: bytes) -> int | None:
        return None if headers.get("api-key") == self.key else 401

    def endpoint(self, asked: tuple[str, ...], query: dict, body: dict) -> tuple[int, dict]:  # noqa: PLR0911
        match asked:
            case ("POST", "contacts", "import"):
                return self.take(body)
            case ("GET", "processes", process):
                return 200, self.jobs[process]
            case ("GET", "contacts", "attributes"):
                names = ("FIRSTNAME", "FAVOURITE", "LIFETIME_AMOUNT", "EXT_ID")
                return 200, {"attributes": [{"name": name} for name in names]}
            case ("GET", "contacts") if int(query["limit"]) > 1000:
                return 400, {"code": "out_of_range"}
            case ("GET", "smtp", "blockedContacts") if int(query["limit"]) > 100:
                return 400, {"code": "out_of_range"}
            case ("GET", "contacts"):
                # As the real list does: without statistics, which each contact has of its own.
                shown = [
                    contact | {"id": place, "listIds": sorted(contact["listIds"])}
                    for place, contact in enumerate(self.contacts.values())
                ]
                return 200, {"contacts": shown[int(query["offset"]) :]}
            case ("GET", "contacts", number):
                email = list(self.contacts)[int(number)]
                return 200, self.contacts[email] | {"listIds": [], "statistics": self.statistics.get(email, {})}
            case ("GET", "smtp", "blockedContacts"):
                start = int(query["offset"])
                return 200, {"count": len(self.blocked), "contacts": self.blocked[start : start + int(query["limit"])]}
            case ("POST", "contacts", "lists", list_id, "contacts", "remove"):
                if len(body["emails"]) > 150:
                    return 400, {}
                for email in body["emails"]:
                    self.contacts[email]["listIds"].discard(int(list_id))
                return 201, {}
            case ("DELETE", "contacts", person):
                by = "email" if query["identifierType"] == "email_id" else "EXT_ID"
                known = [
                    email
                    for email, one in self.contacts.items()
                    if unquote(person) in (one.get(by), one["attributes"].get(by))
                ]
                return (204, {}) if known and self.contacts.pop(known[0]) else (404, {})
        return 404, {}

    def take(self, body: dict) -> tuple[int, dict]:
        assert body["emptyContactsAttributes"] is False
        assert "emailBlacklist" not in body
        rows = body["jsonBody"]
        if any(row["email"].startswith(SPOILS_BATCH) for row in rows):
            return 400, {"code": "invalid_parameter", "message": f"{rows[0]['email']} is not valid"}
        for row in rows:
            blank = {"email": row["email"], "attributes": {}, "listIds": set(), "emailBlacklisted": False}
            contact = self.contacts.setdefault(row["email"], blank)
            contact["attributes"] |= row["attributes"]
            contact["listIds"] |= set(body.get("listIds", []))
        process = str(len(self.jobs) + 1)
        self.jobs[process] = {"status": "completed", "info": {"import": {}}}
        return 202, {"processId": int(process)}

    def on(self, list_id: int) -> set[str]:
        return {email for email, contact in self.contacts.items() if list_id in contact["listIds"]}


@dataclass
class FakeReceiver(FakeTool):
    """A webhook's other side: checks the signature before it looks at anything."""

    people: dict[str, dict] = field(default_factory=dict)
    audiences: dict[str, set[str]] = field(default_factory=dict)
    told: dict = field(default_factory=dict)

    def refusal(self, headers: Message, raw: bytes) -> int | None:
        at, _, mark = headers.get("x-regulars-signature", "").partition(",v1=")
        expected = hmac.new(self.key.encode(), at.removeprefix("t=").encode() + b"." + raw, hashlib.sha256).hexdigest()
        return None if hmac.compare_digest(mark, expected) else 401

    def endpoint(self, asked: tuple[str, ...], query: dict, body: dict) -> tuple[int, dict]:
        if asked[0] == "GET":
            return 200, self.told
        errors = []
        for place, record in enumerate(body["records"]):
            if record["email"].startswith(REFUSED_IN_JOB):
                errors.append({"index": place, "code": "bad_address", "message": record["email"]})
            elif body["operation"] == "upsert":
                self.people[record["email"]] = record["attributes"]
            elif body["operation"] == "add":
                self.audiences.setdefault(body["audience"], set()).add(record["email"])
            elif body["operation"] == "erase":
                self.people.pop(record["email"], None)
                self.forgotten.append(record["email"])
            else:
                self.audiences[body["audience"]].discard(record["email"])
        return 200, {"errors": errors}
