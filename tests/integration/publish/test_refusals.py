"""Every guard shown refusing before a request is made, set aside by somebody for a reason, and told in ops."""

from datetime import datetime, timedelta

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from tests.integration.publish.conftest import PACE, klaviyo, network_of

MANY = 100
SPOIL = {
    "empty": "delete from people.sync.sync_email_audiences;",
    "shrink": "delete from people.sync.sync_email_profiles where cast(substr(customer_id, 2) as int) <= 11;",
    "removals": "delete from people.sync.sync_email_profiles where cast(substr(customer_id, 2) as int) <= 6;",
    "changes": "update people.sync.sync_email_profiles set first_name = 'Grace' where customer_id > 'c049';",
    "rejects": "update people.sync.sync_email_profiles set email = 'none ' || email where customer_id > 'c097';",
    "duplicate_keys": """update people.sync.sync_email_profiles set email = 'C001@example.com'
        where customer_id = 'c002';""",
}
# What a spoilt night trips as well, because its numbers belong together.
BESIDE = {"shrink": ["removals"], "rejects": []}


def go(night, tool, overrides=()):
    network = network_of(night, klaviyo(tool), publish={"overrides": list(overrides)}, contact={"holdout_share": 0})
    return publish(night.home, network, night.project, pace=PACE)


def guards(night) -> set[tuple]:
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        query = "select guard, outcome, overridden_by, reason from sync_guards where run_id = 'r2'"
        return set(ops.execute(query).fetchall())


@pytest.mark.parametrize("guard", SPOIL)
def test_a_guard_refuses_and_is_set_aside_by_name(night, tool, sealed, guard):
    sealed("r1", customers=MANY)
    go(night, tool)
    writes = len(tool.writes())
    sealed("r2", customers=MANY, people=SPOIL[guard])
    with pytest.raises(PublishError, match=f"nothing was sent.*guard: {guard}"):
        go(night, tool)
    assert tool.writes()[writes:] == []
    assert night.home.published_run() == "r1"
    assert (guard, "refused", None, None) in guards(night)

    named = [guard, *BESIDE.get(guard, [])]
    go(night, tool, [{"guard": one, "by": "Jo Park", "reason": "a list was cleaned"} for one in named])
    assert night.home.published_run() == "r2"
    assert (guard, "overridden", "Jo Park", "a list was cleaned") in guards(night)


def test_suppressions_older_than_a_day_refuse(night, tool, sealed):
    sealed("r1")
    go(night, tool)
    tool.status_for["GET /api/profiles"] = 403
    sealed("r2")
    go(night, tool)
    assert night.home.published_run() == "r2"

    with duckdb.connect(str(night.home.sync / "shared.duckdb")) as shared:
        shared.execute("update fetches set fetched_at = ?", [datetime.now() - timedelta(hours=25)])
    sealed("r3")
    writes = len(tool.writes())
    with pytest.raises(PublishError, match=r"suppressions are from .* older than 24 hours.*guard: suppressions_age"):
        go(night, tool)
    assert tool.writes()[writes:] == []
    go(night, tool, [{"guard": "suppressions_age", "by": "Jo Park", "reason": "the tool is down since Friday"}])
    assert night.home.published_run() == "r3"


def test_an_override_that_has_run_out_sets_nothing_aside(night, tool, sealed):
    sealed("r1", customers=MANY)
    go(night, tool)
    sealed("r2", customers=MANY, people=SPOIL["removals"])
    given = {"guard": "removals", "by": "Jo Park", "reason": "a list was cleaned"}
    with pytest.raises(PublishError, match="max_removals"):
        go(night, tool, [given | {"until": "2026-10-30"}])
    go(night, tool, [given | {"until": "2026-10-31"}])
