"""Every guard shown refusing before a request is made, set aside by somebody for a reason, and told in ops."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.outbound import Guard
from dagster_project.publish import publish
from tests.integration.publish.conftest import LISTS, PACE, klaviyo, network_of
from tests.integration.publish.test_contact_caps import marked

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


def forget_the_last_fetch(night, tool) -> None:
    tool.status_for["GET /api/profiles"] = 403
    with duckdb.connect(str(night.home.sync / "shared.duckdb")) as shared:
        shared.execute(
            "update fetches set fetched_at = ?", [datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=25)]
        )


def ask_for_more(night, tool) -> None:
    (night.root / "audiences").mkdir()
    (night.root / "audiences" / "champions.yaml").write_text(
        "{name: champions, description: With sizes., condition: rfm_segment = 'champions', attributes: [shoe_size]}"
    )


# What spoils a night outside of its data.
HAPPENS = {"suppressions_age": forget_the_last_fetch, "unknown_fields": ask_for_more}


def go(night, tool, overrides=(), guard=""):
    lists = {"champions": "CHAMP1"} if guard == "unknown_fields" else LISTS
    network = network_of(
        night, klaviyo(tool, lists=lists), publish={"overrides": list(overrides)}, contact={"holdout_share": 0}
    )
    return publish(night.home, network, night.project, pace=PACE)


def guards(night) -> set[tuple]:
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        query = "select guard, outcome, overridden_by, reason from sync_guards where run_id = 'r2'"
        return set(ops.execute(query).fetchall())


def test_every_guard_is_among_those_shown():
    assert {*SPOIL, *HAPPENS} == set(get_args(Guard))


@pytest.mark.parametrize("guard", [*SPOIL, *HAPPENS])
def test_a_guard_refuses_and_is_set_aside_by_name(night, tool, sealed, guard):
    sealed("r1", customers=MANY)
    go(night, tool, guard=guard)
    writes = len(tool.writes())
    sealed("r2", customers=MANY, people=SPOIL.get(guard, ""))
    HAPPENS.get(guard, lambda *_: None)(night, tool)
    with pytest.raises(PublishError, match=f"nothing was sent.*guard: {guard}"):
        go(night, tool, guard=guard)
    assert tool.writes()[writes:] == []
    assert night.home.published_run() == "r1"
    assert (guard, "refused", None, None) in guards(night)

    named = [guard, *BESIDE.get(guard, [])]
    go(night, tool, [{"guard": one, "by": "Jo Park", "reason": "a list was cleaned"} for one in named], guard)
    assert night.home.published_run() == "r2"
    assert (guard, "overridden", "Jo Park", "a list was cleaned") in guards(night)


@pytest.mark.parametrize(
    ("hours", "passes"),
    [
        (23.9, True),
        (24.1, False),
        # By a clock that was wrong.
        (-48.0, False),
    ],
)
def test_a_tool_that_cannot_be_asked_is_taken_at_its_word_for_a_day(night, tool, sealed, hours, passes):
    sealed("r1")
    go(night, tool)
    tool.status_for["GET /api/profiles"] = 403
    with duckdb.connect(str(night.home.sync / "shared.duckdb")) as shared:
        at = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=hours)
        shared.execute("update fetches set fetched_at = ?", [at])
    sealed("r2")
    if passes:
        go(night, tool)
    else:
        with pytest.raises(PublishError, match="suppressions_age"):
            go(night, tool)
    assert night.home.published_run() == ("r2" if passes else "r1")


def test_an_override_that_has_run_out_sets_nothing_aside(night, tool, sealed):
    sealed("r1", customers=MANY)
    go(night, tool)
    sealed("r2", customers=MANY, people=SPOIL["removals"])
    given = {"guard": "removals", "by": "Jo Park", "reason": "a list was cleaned"}
    with pytest.raises(PublishError, match="max_removals"):
        go(night, tool, [given | {"until": "2026-10-30"}])
    go(night, tool, [given | {"until": "2026-10-31"}])


HOMES = """alter table people.sync.sync_email_profiles add column home_location_id varchar;
update people.sync.sync_email_profiles
    set home_location_id = case when customer_id <= 'c100' then 'shop_1' else 'shop_2' end;"""


def test_a_locations_guard_looks_at_its_own_people_and_names_no_others(night, tool, sealed):
    marked(night, "home_location_id")
    spoilt = """update people.sync.sync_email_profiles set email = 'none ' || email where customer_id > 'c197';
        update people.sync.sync_email_profiles set email = 'c101@example.com' where customer_id = 'c102';"""
    named = [
        {"guard": guard, "destination": "second", "by": "Jo Park", "reason": "a till was new"}
        for guard in ("rejects", "duplicate_keys")
    ]
    shops = [klaviyo(tool, name=name, location=shop) for name, shop in (("first", "shop_1"), ("second", "shop_2"))]
    network = network_of(night, *shops, publish={"overrides": named}, contact={"holdout_share": 0})
    sealed("r1", customers=200, people=HOMES + spoilt)
    # Shop 2 has four of its hundred rejected, of which one is twice; the overrides are for it alone.
    publish(night.home, network, night.project, pace=PACE)
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        rejects = ops.execute("select destination, code, count(*) from sync_rejects group by all order by 2").fetchall()
        found = ops.execute(
            "select destination, guard, sync_guards.count, total from sync_guards order by 2"
        ).fetchall()
    assert rejects == [("second", "duplicate_key", 1), ("second", "not_an_address", 3)]
    assert found == [("second", "duplicate_keys", 1, 100), ("second", "rejects", 4, 100)]
