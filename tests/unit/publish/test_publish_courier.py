"""How long a tool asks to be left alone, what its refusals are called, and when a night counts as late."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from dagster_project.home import Home
from dagster_project.network import Network
from dagster_project.publish.courier import error_code, retry_after
from dagster_project.publish.punctual import lateness
from dagster_project.seal import record_run


def test_retry_after_in_seconds_and_as_a_date():
    assert retry_after("120") == 120.0
    later = datetime.now(UTC) + timedelta(seconds=90)
    assert 80 < retry_after(format_datetime(later, usegmt=True)) <= 90
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize("value", [None, "", "soon", "-1"])
def test_retry_after_that_nobody_understands_is_none(value):
    assert retry_after(value) is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"json": {"errors": [{"code": "invalid", "detail": "ada@example.org is bad"}]}}, "invalid"),
        ({"json": {"code": "invalid_parameter", "message": "ada@example.org"}}, "invalid_parameter"),
        ({"json": {"code": "ada@example.org"}}, "http_400"),
        ({"json": {"errors": ["ada@example.org"]}}, "http_400"),
        ({"json": ["ada@example.org"]}, "http_400"),
        ({"text": "<h1>ada@example.org</h1>"}, "http_400"),
    ],
)
def test_of_a_refusal_only_what_reads_as_a_code_is_kept(answer, code):
    assert error_code(httpx.Response(400, **answer)) == code


@pytest.mark.parametrize(
    ("began", "ended", "late"),
    [
        # New York is four hours behind UTC in summer: 06:30 there is 10:30 UTC.
        ((7, 0), (10, 29), None),
        ((7, 0), (11, 0), "ready 30 minutes after publish.ready_by 06:30"),
        # Begun after today's hour, it has until tomorrow's.
        ((14, 0), (20, 0), None),
    ],
)
def test_a_night_is_late_after_the_first_ready_by_since_it_began(tmp_path: Path, began, ended, late):
    home = Home(tmp_path / "home")
    record_run(home, "r1", "2026-07-01", "sealed", None)
    import duckdb

    with duckdb.connect(str(home.ops)) as ops:
        ops.execute("update runs set started_at = ?", [datetime(2026, 7, 2, *began)])
    now = datetime(2026, 7, 2, *ended, tzinfo=UTC)
    assert lateness(home, Network(file=tmp_path / "network.yaml"), "r1", now) == late
