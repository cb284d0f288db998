"""A real tool that keeps subscribers, GNU Mailman 3: run by name, with REGULARS_MAILMAN=<virtualenv that has it>.

python3 -m venv /tmp/mailman && /tmp/mailman/bin/pip install mailman 'sqlalchemy<2.1'
REGULARS_MAILMAN=/tmp/mailman .venv/bin/python -m pytest tests/integration/publish/test_mailman.py
"""

import os
import re
from pathlib import Path

import duckdb
import pytest

from dagster_project.publish import publish
from dagster_project.publish.courier import Pace
from dagster_project.publish.destinations import TOOLS
from tests.integration.publish.conftest import network_of
from tests.integration.publish.mailman import Mailman, RunningMailman
from tests.integration.publish.test_erasure import asked

LISTS = {"email_profiles": "everyone.example.com", "champions": "champions.example.com"}
PATIENT = Pace(attempts=3, wait_initial=0.1, wait_max=1.0, connect=5.0, read=30.0)


@pytest.fixture
def mailman(tmp_path, monkeypatch):
    place = os.environ.get("REGULARS_MAILMAN")
    program = Path(place or "") / "bin" / "runner"
    if not place or not program.is_file():
        pytest.skip("set REGULARS_MAILMAN to a virtualenv that has Mailman 3, as this module says")
    # No module of ours: a destination made for this test stands in for the webhook, over the same engine.
    monkeypatch.setitem(TOOLS, "webhook", Mailman)
    (tmp_path / "mailman").mkdir()
    running = RunningMailman(program, tmp_path / "mailman", os.environ["FAKE_KEY"])
    yield running
    running.close()


def test_members_are_added_leave_by_themselves_for_good_and_can_be_erased(night, sealed, mailman):
    destination = {"name": "mailman", "type": "webhook", "key_env": "FAKE_KEY", "url": mailman.url, "lists": LISTS}
    network = network_of(
        night,
        destination,
        {"name": "drop", "type": "file"},
        contact={"holdout_share": 0},
    )

    def go(run_id: str, people: str = "") -> str:
        sealed(run_id, customers=6, people=people)
        return publish(night.home, network, night.project, pace=PATIENT).message

    go("r1")
    everyone = {f"c00{n}@example.com" for n in range(1, 7)}
    assert mailman.members("everyone") == everyone
    assert mailman.members("champions") == {f"c00{n}@example.com" for n in (1, 3, 5)}

    mailman.leave("everyone", "c001@example.com")
    go("r2")
    assert mailman.members("everyone") == everyone - {"c001@example.com"}
    assert mailman.members("champions") == {"c003@example.com", "c005@example.com"}
    drop = night.home.published.resolve() / "restricted" / "audiences" / "drop" / "email_profiles.csv"
    assert "c001@" not in drop.read_text()
    (told,) = (night.home.returned / "mailman").glob("consents-*")
    # Mailman keeps no time of it: it is that of the asking.
    (row,) = told.read_text().splitlines()[1:]
    assert re.fullmatch(r"c001@example\.com,email,denied,20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ,mailman", row)

    # Everything about her changes, and she is asked to be in another audience: still nothing is said to her.
    changed = """update people.sync.sync_email_profiles set first_name = 'Grace';
        insert into people.sync.sync_email_audiences values ('champions', 'c002', 'c002@example.com');"""
    go("r3", changed)
    assert mailman.members("everyone") == everyone - {"c001@example.com"}
    assert mailman.members("champions") == {f"c00{n}@example.com" for n in (2, 3, 5)}

    # Leaving an audience is no unsubscribing: c002 comes back to it.
    go("r4")
    go("r5", changed)
    assert mailman.members("champions") == {f"c00{n}@example.com" for n in (2, 3, 5)}

    go("r6", changed + asked("erase c003@example.com"))
    assert mailman.members("everyone") == {f"c00{n}@example.com" for n in (2, 4, 5, 6)}
    assert mailman.members("champions") == {"c002@example.com", "c005@example.com"}
    with duckdb.connect(str(night.home.ops), read_only=True) as ops:
        rows = ops.execute(
            "select run_id, rows_removed from sync_runs where payload = 'privacy_requests' and rows_removed > 0"
        ).fetchall()
    assert rows == [("r6", 1)]
