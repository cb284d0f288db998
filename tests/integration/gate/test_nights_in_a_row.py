"""Nights judged by the real suites, one after another: what is published, refused, rolled back and still being read."""

import stat

import duckdb
import pytest

from dagster_project.errors import GateRefused
from dagster_project.publish import publish, rollback
from dagster_project.validate import judge, seal
from tests.integration.gate.tiny_night import NULL_KEY, judged_and_sealed, make_candidate, run_statuses


def test_what_is_restricted_is_closed_to_others(night, home):
    judged_and_sealed(night, "r1")
    publish(home, night.network(), night.project)

    restricted = home.published.resolve() / "restricted"
    for path in (restricted, *restricted.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert {path.name for path in (restricted / "audiences" / "email_drop").iterdir()} == {
        "email_profiles.csv",
        "email_profiles.parquet",
        "manifest.json",
    }


def test_after_a_refusal_publishing_alone_replaces_and_sends_nothing(night, home):
    judged_and_sealed(night, "r1")
    publish(home, night.network(), night.project)
    delivered = home.published.resolve() / "restricted" / "audiences" / "email_drop" / "email_profiles.csv"
    before = delivered.stat().st_mtime_ns
    make_candidate(night, "r2", marts=NULL_KEY)
    judge(home, "r2", night.project)
    with pytest.raises(GateRefused, match="order_key_is_given"):
        seal(home, "r2", "inputs", night.project)

    result = publish(home, night.network(), night.project)

    assert (result.published_run, result.replaced, result.deliveries) == ("r1", None, ())
    assert "nothing was sent or replaced" in result.message
    assert home.published_run() == "r1"
    assert delivered.stat().st_mtime_ns == before


def test_rollback_publishes_a_kept_set_with_its_state_and_delivers_nothing(night, home):
    for run_id in ("r1", "r2"):
        judged_and_sealed(night, run_id)
        publish(home, night.network(), night.project)

    result = rollback(home, "r1")

    assert (result.published_run, result.replaced, result.deliveries) == ("r1", "r2", ())
    assert home.current_state() == home.state / "r1"
    assert "nothing to publish" in publish(home, night.network(), night.project).message
    assert home.published_run() == "r1"
    judged_and_sealed(night, "r3")
    assert publish(home, night.network(), night.project).published_run == "r3"
    assert run_statuses(night) == [
        ("r1", "published"),
        ("r2", "published"),
        ("r1", "rolled_back"),
        ("r3", "published"),
    ]


def test_a_reader_keeps_what_it_opened_through_the_swap(night, home):
    judged_and_sealed(night, "r1")
    publish(home, night.network(keep_last=1), night.project)
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as reader:
        judged_and_sealed(night, "r2", customers=5)
        publish(home, night.network(keep_last=1), night.project)

        assert not (home.snapshots / "r1").exists()
        assert reader.execute("select count(*) from dim_customers").fetchone() == (4,)
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as reader:
        assert reader.execute("select count(*) from dim_customers").fetchone() == (5,)
