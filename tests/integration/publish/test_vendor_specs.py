"""Our requests against the vendor's own specification and client; the specification is read where it lies, never kept.

Each valid body is followed by one that must be refused, so that a validator which looks at nothing is found out.
"""

import json
import os
from pathlib import Path

import httpx
import pytest

from dagster_project.outbound import Destination
from dagster_project.publish.destinations import TOOLS, brevo, klaviyo, mailchimp, webhook
from dagster_project.publish.tool import Record, Task
from tests.integration.publish.conftest import LISTS, PACE
from tests.integration.publish.fake_tool import FakeTool

SPECS = Path(os.environ.get("REGULARS_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")) / "openapi"
ADA = Record("ada@example.org", "c001", {"first_name": "Ada", "rfm_segment": "champions", "lifetime_net_amount": 7.5})
UPSERT = Task("upsert")
ADD = Task("add", "champions", "CHAMP1")


@pytest.fixture(scope="module")
def spec() -> dict:
    file = SPECS / "klaviyo_stable.json"
    if not file.is_file():
        pytest.skip(f"no {file}; set REGULARS_DATA to the folder that holds openapi/")
    return json.loads(file.read_text(encoding="utf-8"))


def tool_at(url: str) -> klaviyo.Klaviyo:
    destination = Destination(name="mail", type="klaviyo", key_env="FAKE_KEY", url=url, lists=LISTS)
    return klaviyo.Klaviyo(destination, "secret-of-tests", PACE)


def errors_in(spec: dict, method: str, path: str, body: object) -> list[str]:
    from jsonschema import RefResolver
    from openapi_schema_validator import OAS30Validator

    content = spec["paths"][path][method]["requestBody"]["content"]
    schema = next(iter(content.values()))["schema"]
    validator = OAS30Validator(schema, resolver=RefResolver.from_schema(spec))
    return [error.message for error in validator.iter_errors(body)]


def sent_by(work) -> list[tuple[str, str, dict]]:
    """(method, path, body) of what a piece of work sends."""
    fake = FakeTool(keep_bodies=True)
    try:
        tool = tool_at(fake.url)
        tool.submit(UPSERT, [ADA], [tool.encode(UPSERT, ADA)])
        fake.bodies.clear()
        work(tool)
        return [(method, path, json.loads(body)) for method, path, body in fake.bodies if body]
    finally:
        fake.close()


def test_an_import_is_what_the_specification_says(spec):
    for task in (UPSERT, ADD):
        ((method, path, body),) = sent_by(lambda tool, task=task: tool.submit(task, [ADA], [tool.encode(task, ADA)]))
        assert (method, path) == ("POST", "/api/profile-bulk-import-jobs")
        assert errors_in(spec, "post", path, body) == []
        body["data"]["type"] = "profile"
        assert errors_in(spec, "post", path, body) != []
        del body["data"]["attributes"]["profiles"]
        assert errors_in(spec, "post", path, body) != []


def test_a_removal_is_what_the_specification_says(spec):
    remove = Task("remove", "champions", "CHAMP1")
    ((method, path, body),) = sent_by(lambda tool: tool.submit(remove, [ADA], [tool.encode(remove, ADA)]))
    assert (method, path) == ("DELETE", "/api/lists/CHAMP1/relationships/profiles")
    known = "/api/lists/{id}/relationships/profiles"
    assert errors_in(spec, "delete", known, body) == []
    assert errors_in(spec, "delete", known, {"data": [{"type": "profile"}]}) != []


def test_an_erasure_is_what_the_specification_says(spec):
    ((_, path, body),) = sent_by(lambda tool: tool.erase(ADA))
    assert errors_in(spec, "post", path, body) == []
    assert errors_in(spec, "post", path, {"data": {"type": "data-privacy-deletion-job"}}) != []


def test_what_is_asked_is_among_the_parameters_of_the_specification(spec):
    """Paths, query names and page sizes of every GET, read off the wire."""
    asked: list[httpx.URL] = []
    fake = FakeTool()
    try:
        tool = tool_at(fake.url)
        tool._courier._client.event_hooks = {"request": [lambda request: asked.append(request.url)]}
        tool.preflight()
        list(tool.suppressions("2026-10-01T00:00:00Z"))
        list(tool.engagement(None))
        tool.read_back([ADA])
    finally:
        fake.close()
    for url in asked:
        path = "/api/lists/{id}" if url.path.startswith("/api/lists/") else url.path
        parameters = {p["name"]: p.get("schema", {}) for p in spec["paths"][path]["get"]["parameters"]}
        for name, value in url.params.items():
            assert name in parameters, (path, name)
            if name == "page[size]":
                assert int(value) <= parameters[name]["maximum"]
        assert "@" not in str(url)
        assert "%40" not in str(url)
    assert len(asked) >= 6


def test_the_limits_that_stand_in_prose_only(spec):
    told = spec["paths"]["/api/profile-bulk-import-jobs"]["post"]["description"]
    assert all(words in told for words in ("10,000 profiles", "5MB", "per-profile is 100KB", "`10/s`", "`150/m`"))
    assert klaviyo.Limits(records=10_000, bytes=5_000_000, record_bytes=100_000) == klaviyo.IMPORT
    assert [(rate.limit, rate.interval) for rate in klaviyo.RATES] == [(10, 1_000), (150, 60_000)]
    assert (
        "maximum of 1000 profiles" in spec["paths"]["/api/lists/{id}/relationships/profiles"]["delete"]["description"]
    )
    assert klaviyo.REMOVE.records == 1_000
    assert spec["info"]["version"] == klaviyo.REVISION


def test_the_vendors_own_client_sends_the_same():
    """klaviyo-api reads our body into its own models and writes it again: nothing of it is lost or unknown to them."""
    from klaviyo_api import KlaviyoAPI

    class AnyRevision(FakeTool):
        def refusal(self, headers, raw):
            return None

    fake = AnyRevision(keep_bodies=True)
    try:
        ours = tool_at(fake.url)
        ours.submit(ADD, [ADA], [ours.encode(ADD, ADA)])
        body = json.loads(fake.bodies[-1][2])
        theirs = KlaviyoAPI("secret-of-tests", max_delay=1, max_retries=1, options={"server_url": fake.url})
        theirs.Profiles.api_client.configuration.host = fake.url
        theirs.Profiles.bulk_import_profiles(body)
        (_, path, again) = fake.bodies[-1]
    finally:
        fake.close()
    assert path == klaviyo.JOBS
    assert json.loads(again) == body


@pytest.mark.parametrize(
    ("limits", "records", "size"),
    [
        (klaviyo.IMPORT, 10_000, 5_000_000),
        (klaviyo.REMOVE, 1_000, 1_000_000),
        (mailchimp.LIMITS, 500, 4_000_000),
        (brevo.IMPORT, 10_000, 8_000_000),
        (brevo.REMOVE, 150, 1_000_000),
        (webhook.LIMITS, 1_000, 1_000_000),
    ],
)
def test_the_limits_also_where_no_specification_lies(limits, records, size):
    assert (limits.records, limits.bytes) == (records, size)


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_no_batch_can_say_that_somebody_subscribed(kind):
    """Attributes leave as attributes; beside them stands only Mailchimp's status of whom it has never met."""
    destination = Destination(
        name="mail", type=kind, key_env="FAKE_KEY", url="http://127.0.0.1:1", lists={"email_profiles": "1"}
    )
    tool = TOOLS[kind](destination, "secret", PACE)
    texts = [
        tool.encode(task, ADA) for task in (UPSERT, Task("add", "champions", "2"), Task("remove", "champions", "2"))
    ]
    words = ("consent", "opt_in", '"status"', "subscribe", "emailBlacklist", "marketing")
    if kind != "mailchimp":
        assert [word for text in texts for word in words if word in text] == []
    else:
        body = json.loads(json.loads(texts[0])["body"])
        assert body.keys() == {"email_address", "status_if_new", "merge_fields"}
    tool.close()
