"""What tools know that we should: unsubscribes, complaints, bounces, opens and clicks, as feeds of the next night.

<home>/returned/<destination>/<feed>-<content hash>.csv, with the feed's own column names, so that extraction reads
them as it reads what the franchisor delivers. The landing zone itself is never written.
"""

import csv
import hashlib
import io
import os
from collections.abc import Iterable

from dagster_project.home import Home
from dagster_project.publish.tool import Engagement, Suppression

CONSENTS = ("contact", "channel", "state", "at", "captured_by")
ENGAGEMENT = ("contact", "event", "at", "campaign_id", "destination")
_DENIALS = ("unsubscribed", "complained", "suppressed")


def write_suppressions(home: Home, destination: str, told: Iterable[Suppression]) -> None:
    told = list(told)
    denials = [(s.email, "email", "denied", s.at, destination) for s in told if s.reason in _DENIALS]
    events = [
        (s.email, s.reason, s.at, None, destination) for s in told if s.at is not None and s.reason != "suppressed"
    ]
    _write(home, destination, "consents", CONSENTS, denials)
    _write(home, destination, "engagement", ENGAGEMENT, events)


def write_engagement(home: Home, destination: str, told: Iterable[Engagement]) -> int:
    """The number of events written."""
    rows = [(e.email, e.event, e.at, e.campaign_id, destination) for e in told]
    _write(home, destination, "engagement", ENGAGEMENT, rows)
    return len(rows)


def _write(home: Home, destination: str, feed: str, header: tuple[str, ...], rows: list[tuple]) -> None:
    """Beside and renamed; the same rows are the same file."""
    if not rows:
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(sorted(rows, key=lambda row: [cell or "" for cell in row]))
    content = text.getvalue().encode()
    folder = home.returned / destination
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.returned.chmod(0o700)
    path = folder / f"{feed}-{hashlib.sha256(content).hexdigest()[:16]}.csv"
    if path.is_file():
        return
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    os.replace(beside, path)
