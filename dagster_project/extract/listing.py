"""The landing zone, listed: which files there are, and what identifies each.

A file whose size and modification time are as the ledger remembers is not opened again.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from dagster_project.errors import RegularsError

HEADQUARTERS = "hq"
_FOLDER_DATE = re.compile(r"(20\d{2})-?(\d{2})-?(\d{2})")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class LandingFile:
    """One file of the landing zone; `path` is relative to it, `folder` is its first part."""

    path: str
    folder: str
    size: int
    modified_ns: int
    sha256: str

    @property
    def file_key(self) -> str:
        """The same content in the same location's folder is the same file, whatever its name."""
        return hashlib.sha256(f"{self.folder}\0{self.sha256}".encode()).hexdigest()[:16]

    @property
    def delivered_at(self) -> datetime:
        """When the file came, in UTC without offset."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC).replace(tzinfo=None)

    @property
    def folder_date(self) -> date | None:
        """The date in the folder's path where a vendor puts one there (`20260131` or `2026-01-31`)."""
        for part in reversed(Path(self.path).parent.parts):
            found = _FOLDER_DATE.fullmatch(part)
            if found:
                try:
                    return date(*map(int, found.groups()))
                except ValueError:
                    continue
        return None


def landing_paths(landing: Path) -> list[Path]:
    """Every file below `landing`, by path; names that begin with a dot are somebody's leftovers.

    Raises RegularsError when the landing zone does not exist.
    """
    if not landing.is_dir():
        raise RegularsError(f"{landing}: no such folder; paths.landing in network.yaml names the landing zone")
    paths = sorted(landing.rglob("*"))
    return [p for p in paths if p.is_file() and not any(part[0] == "." for part in p.relative_to(landing).parts)]


def list_landing(landing: Path, remembered: dict[str, tuple[int, int, str]]) -> list[LandingFile]:
    """Every file below `landing`, by path.

    `remembered` maps a path to (size, modified_ns, sha256) of an earlier listing. Raises RegularsError
    when the landing zone does not exist.
    """
    files = []
    for path in landing_paths(landing):
        relative = path.relative_to(landing)
        if not path.resolve().is_relative_to(landing.resolve()):
            raise RegularsError(f"{relative}: a link that leads out of the landing zone; put the file itself there")
        stat = path.stat()
        known = remembered.get(relative.as_posix())
        unchanged = known is not None and known[:2] == (stat.st_size, stat.st_mtime_ns)
        files.append(
            LandingFile(
                path=relative.as_posix(),
                folder=relative.parts[0] if len(relative.parts) > 1 else "",
                size=stat.st_size,
                modified_ns=stat.st_mtime_ns,
                sha256=known[2] if unchanged else _sha256(path),
            )
        )
    return files


def landing_folders(landing: Path) -> list[str]:
    """The location ids that have a folder of their own."""
    return sorted(p.name for p in landing.iterdir() if p.is_dir() and p.name != HEADQUARTERS and p.name[0] != ".")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
