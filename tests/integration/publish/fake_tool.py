"""A stateful e-mail tool on loopback: keeps profiles, lists and suppressions as Klaviyo does, and misbehaves on order
(faulty_server.py).

Some records are refused in the job (partial errors), some spoil a whole batch (400 without a word which).
Everything that is sent is kept, so that a test can look for what must never be said.
"""

import json
import random
import re
import threading
from dataclasses import dataclass, field
from email.message import Message
from http.server import ThreadingHTTPServer

from tests.integration.publish.faulty_server import handler_of

CONSENT = re.compile(r"consent|subscribed|SUBSCRIBED|opt_in", re.IGNORECASE)
# Addresses that begin so are refused: in the job by name, or with the whole batch.
REFUSED_IN_JOB, SPOILS_BATCH = "refused", "spoils"


@dataclass
class Profile:
    id: str
    attributes: dict
    suppressed_at: str | None = None
    reason: str = "UNSUBSCRIBE"


@dataclass
class FakeTool:
    """fault_share: of requests; key: the credential it takes."""

    fault_share: float = 0.0
    seed: int = 1
    key: str = "secret-of-tests"
    hang_seconds: float = 0.4
    profiles: dict[str, Profile] = field(default_factory=dict)
    by_external_id: dict[str, str] = field(default_factory=dict)
    left_a_list: dict[str, str] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    jobs: dict[str, dict] = field(default_factory=dict)
    events: list[dict] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    bodies: list[tuple[str, str, str]] = field(default_factory=list)
    keep_bodies: bool = False
    ever_added_suppressed: list[str] = field(default_factory=list)
    status_for: dict[str, int] = field(default_factory=dict)
    consents_written: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.lock = threading.RLock()
        self.chance = random.Random(self.seed)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def members(self, list_id: str) -> set[str]:
        """Addresses on a list."""
        with self.lock:
            return {self.by_id(one).attributes["email"] for one in self.lists.get(list_id, set())}

    def by_id(self, profile_id: str) -> Profile:
        return self.profiles[profile_id.removeprefix("id-")]

    def unsubscribe(self, email: str, at: str, reason: str = "UNSUBSCRIBE") -> None:
        """A person's own word, at the tool."""
        with self.lock:
            profile = self.profiles.setdefault(email, Profile(f"id-{email}", {"email": email}))
            profile.suppressed_at, profile.reason = at, reason

    def writes(self) -> list[tuple[str, str, int]]:
        return [request for request in self.requests if request[0] != "GET"]

    def refusal(self, headers: Message, raw: bytes) -> int | None:
        """The status that refuses a request before it is looked at."""
        if CONSENT.search(raw.decode()):
            self.consents_written.append(raw.decode())
        if headers.get("authorization") != f"Klaviyo-API-Key {self.key}":
            return 401
        return None if headers.get("revision") == "2026-07-15" else 400

    def endpoint(self, asked: tuple[str, ...], query: dict, body: dict) -> tuple[int, dict]:  # noqa: PLR0911
        """Status and answer of one request: (method, *parts of the path)."""
        match asked:
            case ("POST", "profile-bulk-import-jobs"):
                return self.import_profiles(body)
            case ("GET", "profile-bulk-import-jobs", job_id):
                return self.job(job_id)
            case ("GET", "profile-bulk-import-jobs", job_id, "import-errors"):
                return self.import_errors(job_id)
            case ("GET", "profiles"):
                return self.find_profiles(query)
            case ("GET", "lists", list_id):
                return 200, {"data": {"type": "list", "id": list_id, "attributes": {"name": list_id}}}
            case ("DELETE", "lists", list_id, "relationships", "profiles"):
                return self.remove(list_id, body)
            case ("GET", "metrics"):
                data = [{"type": "metric", "id": i, "attributes": {"name": n}} for i, n in METRICS.items()]
                return 200, {"data": data, "links": {"next": None}}
            case ("GET", "events"):
                return self.find_events(query)
            case ("POST", "data-privacy-deletion-jobs"):
                return self.forget(body["data"]["attributes"]["profile"]["data"]["attributes"]["email"])
        return 404, {"errors": [{"code": "not_found"}]}

    def import_profiles(self, body: dict) -> tuple[int, dict]:
        data = body["data"]
        sent = data["attributes"]["profiles"]["data"]
        if not 0 < len(sent) <= 10_000:
            return 400, {"errors": [{"code": "invalid", "detail": f"too many, such as {sent[-1]}"}]}
        spoilers = [one for one in sent if one["attributes"]["email"].startswith(SPOILS_BATCH)]
        if spoilers:
            detail = f"bad profile {spoilers[0]['attributes']['email']}"
            return 400, {"errors": [{"code": "invalid", "title": detail, "detail": detail}]}
        lists = [one["id"] for one in data.get("relationships", {}).get("lists", {}).get("data", [])]
        errors = []
        for place, one in enumerate(sent):
            given = one["attributes"]
            email = given["email"].lower()
            if email.startswith(REFUSED_IN_JOB):
                errors.append((place, given))
                continue
            profile = self.profiles.setdefault(email, Profile(f"id-{email}", {}))
            properties = profile.attributes.get("properties", {}) | given.get("properties", {})
            profile.attributes |= given | {"properties": properties}
            self.by_external_id[given["external_id"]] = email
            for list_id in lists:
                if profile.suppressed_at is not None:
                    self.ever_added_suppressed.append(email)
                self.lists.setdefault(list_id, set()).add(profile.id)
        job_id = f"job-{len(self.jobs) + 1}"
        self.jobs[job_id] = {"polls": 0, "errors": errors, "total": len(sent)}
        queued = {"status": "queued", "created_at": "2026-11-01T03:00:00+00:00", "total_count": len(sent)}
        return 202, {
            "data": {"type": "profile-bulk-import-job", "id": job_id, "attributes": queued, "links": {"self": self.url}}
        }

    def job(self, job_id: str) -> tuple[int, dict]:
        job = self.jobs.get(job_id)
        if job is None:
            return 404, {"errors": [{"code": "not_found"}]}
        job["polls"] += 1
        attributes = {"status": "processing" if job["polls"] < 2 else "complete", "total_count": job["total"]}
        attributes["failed_count"] = len(job["errors"])
        return 200, {"data": {"type": "profile-bulk-import-job", "id": job_id, "attributes": attributes}}

    def import_errors(self, job_id: str) -> tuple[int, dict]:
        errors = [
            {
                "type": "import-error",
                "id": f"{job_id}-{place}",
                "attributes": {
                    "code": "invalid",
                    "title": "Invalid input",
                    "detail": f"{given['email']} will not do",
                    "source": {"pointer": f"/data/attributes/profiles/data/{place}/attributes/email"},
                    "original_payload": given,
                },
            }
            for place, given in self.jobs[job_id]["errors"]
        ]
        return 200, {"data": errors, "links": {"next": None}}

    def find_profiles(self, query: dict) -> tuple[int, dict]:
        wanted = query.get("filter", "")
        if wanted.startswith("any("):
            by, _, told = wanted.removeprefix("any(").removesuffix(")").partition(",")
            emails = [self.by_external_id.get(one) if by == "external_id" else one for one in json.loads(told)]
            known = [self.profiles[email] for email in emails if email in self.profiles]
            # By the id they have now: a merge gave some of them another.
            found = [profile for profile in known if by == "email" or profile.attributes["external_id"] in told]
        elif ".list_suppressions." in wanted:
            found = [p for p in self.profiles.values() if p.attributes["email"] in self.left_a_list]
        else:
            since = wanted.rpartition(",")[2].removesuffix(")")
            found = [p for p in self.profiles.values() if p.suppressed_at is not None and p.suppressed_at >= since]
        start = int(query.get("page[cursor]", "0"))
        size = int(query["page[size]"])
        found.sort(key=lambda profile: profile.id)
        next_link = f"{self.url}/api/profiles?page%5Bcursor%5D={start + size}" if start + size < len(found) else None
        data = [self.shown(profile) for profile in found[start : start + size]]
        return 200, {"data": data, "links": {"next": next_link}}

    def shown(self, profile: Profile) -> dict:
        suppression = [{"reason": profile.reason, "timestamp": profile.suppressed_at}] if profile.suppressed_at else []
        marketing = {"can_receive_email_marketing": True, "suppression": suppression}
        if profile.attributes["email"] in self.left_a_list:
            left_at = self.left_a_list[profile.attributes["email"]]
            marketing["list_suppressions"] = [{"list_id": "L", "reason": "UNSUBSCRIBE", "timestamp": left_at}]
        subscriptions = {"email": {"marketing": marketing}}
        return {
            "type": "profile",
            "id": profile.id,
            "attributes": profile.attributes | {"subscriptions": subscriptions},
        }

    def remove(self, list_id: str, body: dict) -> tuple[int, dict]:
        if len(body["data"]) > 1000:
            return 400, {"errors": [{"code": "invalid"}]}
        self.lists.setdefault(list_id, set()).difference_update(one["id"] for one in body["data"])
        return 204, {}

    def forget(self, email: str) -> tuple[int, dict]:
        self.forgotten.append(email)
        self.profiles.pop(email, None)
        for members in self.lists.values():
            members.discard(f"id-{email}")
        return 202, {}

    def find_events(self, query: dict) -> tuple[int, dict]:
        metric = re.search(r'metric_id,"([^"]+)"', query["filter"]).group(1)
        since = query["filter"].rpartition(",")[2].removesuffix(")")
        found = [e for e in self.events if e["metric"] == metric and e["at"] >= since]
        data = [
            {
                "type": "event",
                "id": f"event-{self.events.index(e)}",
                "attributes": {"datetime": e["at"], "event_properties": {"$message": e.get("campaign")}},
                "relationships": {"profile": {"data": {"type": "profile", "id": f"id-{e['email']}"}}},
            }
            for e in found
        ]
        included = [{"type": "profile", "id": f"id-{e['email']}", "attributes": {"email": e["email"]}} for e in found]
        return 200, {"data": data, "included": included, "links": {"next": None}}


METRICS = {"m1": "Opened Email", "m2": "Clicked Email", "m3": "Bounced Email", "m4": "Placed Order"}
