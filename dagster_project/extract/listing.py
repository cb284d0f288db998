"""The landing zone, listed: which files there are, and what identifies each.

A file whose size and modification time are as the ledger remembers is not opened again.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from dagster_project.errors import RegularsError, UnreadableFile
from dagster_project.extract.unpacking import members_of
from dagster_project.network import Network

HEADQUARTERS = "hq"
# No file of a landing zone is called so: what begins with a dot is not listed there.
RETURNED = f"{HEADQUARTERS}/.returned"
_FOLDER_DATE = re.compile(r"(20\d{2})-?(\d{2})-?(\d{2})")
_ARCHIVE = re.compile(r"(.*?\.zip)!", re.IGNORECASE | re.DOTALL)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class LandingFile:
    """One file of the landing zone; `path` is relative to it, `folder` is its first part.

    A `member` of a zip archive is a file of its own, `<archive>!<member>`, with the archive's size and time.
    `problem` says why a file must not be opened.
    """

    path: str
    folder: str
    size: int
    modified_ns: int
    sha256: str
    member: str | None = None
    problem: str | None = None

    @property
    def container(self) -> str:
        """The path of the file on disk."""
        return self.path.removesuffix(f"!{self.member}") if self.member is not None else self.path

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
        for part in reversed(Path(self.container, self.member or "").parent.parts):
            found = _FOLDER_DATE.fullmatch(part)
            if found:
                try:
                    return date(*map(int, found.groups()))
                except ValueError:
                    continue
        return None


def landing_paths(landing: Path) -> list[Path]:
    """Every file and link below `landing`, by path; names that begin with a dot are somebody's leftovers.

    Raises RegularsError when the landing zone does not exist.
    """
    if not landing.is_dir():
        raise RegularsError(f"{landing}: no such folder; paths.landing in network.yaml names the landing zone")
    paths = sorted(landing.rglob("*"))
    paths = [p for p in paths if p.is_file() or p.is_symlink()]
    return [p for p in paths if not any(part[0] == "." for part in p.relative_to(landing).parts)]


def list_inputs(network: Network, remembered: dict[str, tuple[int, int, str]]) -> list[LandingFile]:
    """Every file of the landing zone, and what e-mail tools returned, as files of hq/, by path.

    `remembered` is as for list_landing.
    """
    files = list_landing(network.landing, remembered)
    if network.home.returned.is_dir():
        files += list_landing(network.home.returned, remembered, RETURNED)
    return sorted(files, key=lambda file: file.path)


def input_path(network: Network, container: str) -> Path:
    """Where a listed file lies on disk."""
    if container.startswith(f"{RETURNED}/"):
        return network.home.returned / container.removeprefix(f"{RETURNED}/")
    return network.landing / container


def list_landing(landing: Path, remembered: dict[str, tuple[int, int, str]], under: str = "") -> list[LandingFile]:
    """Every file below `landing`, by path; `under` is put before each path.

    `remembered` maps a path to (size, modified_ns, sha256) of an earlier listing. Raises RegularsError
    when the landing zone does not exist.
    """
    inside = landing.resolve()
    files = []
    members = _remembered_members(remembered)
    for path in landing_paths(landing):
        files += _look_at(path, Path(under) / path.relative_to(landing), inside, remembered, members)
    return sorted(files, key=lambda file: file.path)


def _look_at(
    path: Path,
    relative: Path,
    inside: Path,
    remembered: dict[str, tuple[int, int, str]],
    members: dict[str, list[str]],
) -> list[LandingFile]:
    """A file of the landing zone, or the members of an archive; one that must not be opened says why."""
    # A name that is no UTF-8 could not stand in the ledger.
    name = os.fsencode(relative.as_posix()).decode("utf-8", "backslashreplace")
    seen = LandingFile(name, name.partition("/")[0] if "/" in name else "", 0, 0, "")
    try:
        problem = _problem(path, inside, name != relative.as_posix())
        stat = path.lstat() if problem else path.stat()
        seen = replace(seen, size=stat.st_size, modified_ns=stat.st_mtime_ns)
        as_before = (stat.st_size, stat.st_mtime_ns)
        if problem is None and name.lower().endswith(".zip"):
            known = members.get(name, [])
            if known and all(remembered[path][:2] == as_before for path in known):
                return [_member(seen, known_path[len(name) + 1 :], remembered[known_path][2]) for known_path in known]
            return _members(path, seen)
        if problem is None:
            before = remembered.get(name)
            unchanged = before is not None and before[:2] == as_before
            return [replace(seen, sha256=before[2] if before and unchanged else _sha256(path))]
    except OSError as error:
        problem = f"cannot be read ({type(error).__name__}); the next run looks again"
    # No file has this size: what is remembered of it never passes for its content.
    sha256 = hashlib.sha256(f"{name}\0{problem}".encode()).hexdigest()
    return [replace(seen, size=-1, sha256=sha256, problem=problem)]


def _problem(path: Path, inside: Path, is_odd: bool) -> str | None:
    """Why a file must not be opened, or cannot be."""
    if is_odd:
        return "a name that is no UTF-8; rename the file"
    if not path.is_file():
        return "a link that leads to no file; put the file itself there"
    if not path.resolve().is_relative_to(inside):
        return "a link that leads out of the landing zone; put the file itself there"
    if not os.access(path, os.R_OK):
        return "may not be read; grant the pipeline's user access"
    return None


def _members(archive: Path, seen: LandingFile) -> list[LandingFile]:
    """The files of a zip archive, or the archive itself when it cannot be listed: reading it tells why."""
    try:
        return [_member(seen, name, sha256) for name, sha256 in members_of(archive, seen.path)]
    except UnreadableFile:
        return [replace(seen, sha256=_sha256(archive))]


def _member(archive: LandingFile, name: str, sha256: str) -> LandingFile:
    return replace(archive, path=f"{archive.path}!{name}", sha256=sha256, member=name)


def _remembered_members(remembered: Iterable[str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for path in remembered:
        archive = _ARCHIVE.match(path)
        if archive:
            members.setdefault(archive[1], []).append(path)
    return members


def landing_folders(landing: Path) -> list[str]:
    """The location ids that have a folder of their own."""
    return sorted(p.name for p in landing.iterdir() if p.is_dir() and p.name != HEADQUARTERS and p.name[0] != ".")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
