"""What tools know that we should comes back as feeds of the next night."""

import duckdb

from dagster_project.extract.land import land_files
from dagster_project.network import load_network
from dagster_project.publish import publish
from tests.integration.publish.conftest import PACE, klaviyo, network_of


def test_unsubscribes_and_engagement_are_landed_with_the_next_nights_files(night, tool, sealed):
    network = network_of(night, klaviyo(tool))
    sealed("r1")
    publish(night.home, network, night.project, pace=PACE)
    assert not night.home.returned.exists()

    tool.unsubscribe("c001@example.com", "2026-10-30T10:00:00+00:00")
    tool.unsubscribe("c002@example.com", "2026-10-30T11:00:00+00:00", reason="HARD_BOUNCE")
    tool.events += [
        {"metric": "m1", "email": "c003@example.com", "at": "2026-10-30T12:00:00+00:00", "campaign": "spring"},
        {"metric": "m4", "email": "c003@example.com", "at": "2026-10-30T12:30:00+00:00"},
    ]
    for run_id in ("r2", "r3"):
        sealed(run_id)
        publish(night.home, network, night.project, pace=PACE)

    (night.root / "network.yaml").write_text("network: {timezone: UTC}\n")
    (night.root / "landing").mkdir()
    entries = land_files(load_network(night.root / "network.yaml"))
    assert sorted((e.path.rpartition("/")[0], e.feed, e.rows_landed, e.status) for e in entries) == [
        ("hq/.returned/mail", "consents", 1, "landed"),
        ("hq/.returned/mail", "engagement", 1, "landed"),
        ("hq/.returned/mail", "engagement", 2, "landed"),
    ]
    with duckdb.connect() as connection:
        landed = str(night.home.landed("consents") / "*.parquet")
        consents = connection.execute(f"select contact, channel, state from read_parquet('{landed}')").fetchall()
        landed = str(night.home.landed("engagement") / "*.parquet")
        events = connection.execute(
            f"select contact, event, campaign_id, destination from read_parquet('{landed}') order by 1"
        ).fetchall()
    assert consents == [("c001@example.com", "email", "denied")]
    assert events == [
        ("c001@example.com", "unsubscribed", None, "mail"),
        ("c002@example.com", "bounced_hard", None, "mail"),
        ("c003@example.com", "opened", "spring", "mail"),
    ]
    assert not list((night.root / "landing").iterdir())


def test_an_event_the_tool_learnt_of_late_comes_once_and_no_other_twice(night, tool, sealed):
    network = network_of(night, klaviyo(tool))
    sealed("r1")
    publish(night.home, network, night.project, pace=PACE)
    opened = {"metric": "m1", "campaign": "spring"}
    tool.events += [opened | {"email": "c001@example.com", "at": "2026-10-30T12:00:00+00:00"}]
    sealed("r2")
    publish(night.home, network, night.project, pace=PACE)
    tool.events += [
        opened | {"email": "c002@example.com", "at": "2026-10-28T09:00:00+00:00"},
        opened | {"email": "c003@example.com", "at": "2026-10-30T13:00:00+00:00"},
    ]
    for run_id in ("r3", "r4"):
        sealed(run_id)
        publish(night.home, network, night.project, pace=PACE)
    written = [file.read_text().splitlines()[1:] for file in (night.home.returned / "mail").glob("engagement-*")]
    assert sorted(line[:4] for lines in written for line in lines) == ["c001", "c002", "c003"]
    assert sorted(map(len, written)) == [1, 2]


def test_a_time_of_a_wrong_clock_hides_no_later_unsubscribe(night, tool, sealed):
    network = network_of(night, klaviyo(tool))
    sealed("r1")
    publish(night.home, network, night.project, pace=PACE)
    tool.unsubscribe("c001@example.com", "2999-01-01T00:00:00+00:00")
    tool.events += [{"metric": "m1", "email": "c001@example.com", "at": "2999-01-01T00:00:00+00:00"}]
    sealed("r2")
    publish(night.home, network, night.project, pace=PACE)
    # Later than any day on which this runs, and long before that.
    tool.unsubscribe("c002@example.com", "2998-01-01T00:00:00+00:00")
    tool.events += [{"metric": "m1", "email": "c002@example.com", "at": "2998-01-01T00:00:00+00:00"}]
    sealed("r3")
    publish(night.home, network, night.project, pace=PACE)
    assert tool.members("EVERY1") == {"c003@example.com", "c004@example.com"}
    written = "".join(file.read_text() for file in (night.home.returned / "mail").glob("engagement-*"))
    assert [written.count(f"c00{n}@example.com,opened") for n in (1, 2)] == [1, 1]
