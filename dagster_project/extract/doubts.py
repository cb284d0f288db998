"""What landed though it may be wrong: content that two locations sent, and lists that no date puts in order.

Nothing is kept out for it; the ledger's `reason` of such a file says what to do, then which other file it is about:
`path: what is in doubt; see other path`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from dagster_project.extract.ledger import Entry

SEE = "; see "
_TWICE = (
    "holds the same bytes as a file of another location, and its rows count for both; one of them lies in the wrong "
    "folder: move it away"
)
_UNDATED = (
    "no date tells whether it is newer than another list; where they hold the same keys, the row that refuses more "
    "consents stands, else their content decides; put each into a folder called by its day, as 2026-10-31/"
)


def with_doubts(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, each landed one with what is in doubt about it, or no reason."""
    entries = list(entries)
    current = [e for e in entries if e.is_current]
    told: dict[str, list[str]] = defaultdict(list)
    others: dict[str, list[str]] = defaultdict(list)
    for text, doubted in ((_TWICE, _elsewhere(current)), (_UNDATED, _undated(current))):
        for path, other in doubted.items():
            told[path].append(text)
            others[path].append(other)
    reasons = {path: f"{path}: {'; '.join(told[path])}{SEE}{', '.join(others[path])}" for path in told}
    return [replace(e, reason=reasons.get(e.path)) if e.is_current else e for e in entries]


def _elsewhere(current: list[Entry]) -> dict[str, str]:
    """Each later one of the files that hold the same bytes in folders of several locations -> the first one."""
    alike: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(current, key=lambda e: e.path):
        if not entry.part and entry.rows_landed + entry.rows_duplicate:
            alike[entry.sha256].append(entry)
    return {
        other.path: first.path
        for first, *others in alike.values()
        for other in others
        if other.location_id != first.location_id
    }


def _undated(current: list[Entry]) -> dict[str, str]:
    """Each file that replaces rows of another though neither rows nor folders tell which is newer -> that other one."""
    tied: dict[tuple, list[Entry]] = defaultdict(list)
    for entry in sorted(current, key=lambda e: e.path):
        if entry.latest_event_at is None:
            tied[entry.feed, entry.source, entry.location_id, entry.folder_date].append(entry)
    return {
        entry.path: (files[0] if entry is not files[0] else files[1]).path
        for files in tied.values()
        if len(files) > 1
        for entry in files
        if entry.rows_duplicate
    }
