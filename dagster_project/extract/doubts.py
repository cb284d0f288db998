"""What landed though it may be wrong: content that two locations sent, and lists that no date puts in order.

Nothing is kept out for it; the ledger's `reason` of such a file says what to do.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from dagster_project.extract.ledger import Entry


def with_doubts(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, each landed one with what is in doubt about it, or no reason."""
    entries = list(entries)
    current = [e for e in entries if e.is_current]
    told: dict[str, list[str]] = defaultdict(list)
    for doubt in (_elsewhere(current), _undated(current)):
        for path, text in doubt.items():
            told[path].append(text)
    return [
        replace(e, reason=f"{e.path}: {'; '.join(told[e.path])}" if e.path in told else None) if e.is_current else e
        for e in entries
    ]


def _elsewhere(current: list[Entry]) -> dict[str, str]:
    """Of each later one of the files that hold the same bytes in folders of several locations."""
    alike: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(current, key=lambda e: e.path):
        if not entry.part and entry.rows_landed + entry.rows_duplicate:
            alike[entry.sha256].append(entry)
    return {
        other.path: f"holds the same bytes as {first.path}, and its rows count for both locations; "
        "one of them lies in the wrong folder: move it away"
        for first, *others in alike.values()
        for other in others
        if other.location_id != first.location_id
    }


def _undated(current: list[Entry]) -> dict[str, str]:
    """Of files that replace one another's rows though neither their rows nor their folders tell which is newer."""
    tied: dict[tuple, list[Entry]] = defaultdict(list)
    for entry in sorted(current, key=lambda e: e.path):
        if entry.latest_event_at is None:
            tied[entry.feed, entry.source, entry.location_id, entry.folder_date].append(entry)
    return {
        entry.path: f"no date tells whether it is newer than {(files[0] if entry is not files[0] else files[1]).path}, "
        "where they hold the same keys, the row that refuses more consents stands, else their content decides; "
        "put each into a folder called by its day, as 2026-10-31/"
        for files in tied.values()
        if len(files) > 1
        for entry in files
        if entry.rows_duplicate
    }
