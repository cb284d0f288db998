"""Delivered bytes, unpacked as they stream: plain files, gzip, and the members of a zip archive.

Raises UnreadableFile, naming the file, for what is damaged, nested or unpacks to more than limits.py allows.
"""

import gzip
import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import (
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_TEXT_BYTES,
    RATIO_GRACE_BYTES,
    size_text,
)

CHUNK = 1 << 22
# What a damaged archive makes the standard library raise; RuntimeError is an encrypted member.
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, ValueError, NotImplementedError)
# Told apart from the first member of its name by its place in the archive.
_TWIN = " #"
ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst")
_NESTED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh9", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


@dataclass(frozen=True)
class Source:
    """Where one table's bytes are: a file, or a member of a zip. `name` is how messages call it."""

    path: Path
    name: str
    member: str | None = None

    @property
    def file_name(self) -> str:
        """The name whose ending tells the format, in lower case."""
        return (self.member or self.path.name).lower()


class ByteStream(io.RawIOBase):
    """Chunks of bytes as a file object."""

    def __init__(self, chunks: Iterable[bytes]):
        self._chunks, self._left = iter(chunks), memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size` where it is given; fewer do not mean the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = memoryview(chunk)
        taken = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(taken) :]
        return taken.obj if len(taken) == len(taken.obj) else bytes(taken)  # type: ignore[return-value, arg-type]

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        taken = self.read(len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)


def unpacked(source: Source, limit: int = MAX_TEXT_BYTES) -> Iterator[bytes]:
    """The bytes of a source in chunks, unpacked."""
    packed = _size(source)
    count = 0
    try:
        with _open(source) as stream:
            while chunk := stream.read(CHUNK):
                if count == 0 and stream_is_packed(source) and chunk.startswith(_NESTED) and not _is_sheet(source):
                    raise UnreadableFile(f"{source.name}: an archive within an archive; deliver the files themselves")
                count += len(chunk)
                _check(source.name, count, packed, limit)
                yield chunk
    except DAMAGED as error:
        doing = "decompressed" if stream_is_packed(source) else "read"
        raise UnreadableFile(f"{source.name}: cannot be {doing} ({_kind(error)}); ask for it again") from error


def members_of(path: Path, name: str) -> list[tuple[str, str]]:
    """(name, content hash) of the files in a zip archive; folders and hidden files apart.

    Reads them once to their end. A member that cannot be read is listed too: reading it tells why. Raises
    UnreadableFile for the archive as a whole: damaged, empty, too many members, or unpacking to too much.
    """
    members: list[tuple[str, str]] = []
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [i for i in archive.infolist() if not i.is_dir() and not _is_hidden(i.filename)]
            if not infos:
                raise UnreadableFile(f"{name}: an archive without files; ask for the export again")
            if len(infos) > MAX_MEMBERS:
                raise UnreadableFile(f"{name}: more than {MAX_MEMBERS:,} files in an archive; deliver them in parts")
            count, packed = 0, path.stat().st_size
            for info in infos:
                refused = _refusal(info) is not None
                digest = hashlib.sha256(f"\0{info.filename}".encode("utf-8", "replace") if refused else b"")
                with suppress(*DAMAGED), archive.open(info) as stream:
                    while not refused and (chunk := stream.read(CHUNK)):
                        digest.update(chunk)
                        count += len(chunk)
                        _check(name, count, packed, MAX_TEXT_BYTES)
                taken = any(info.filename == other for other, _ in members)
                key = f"{info.filename}{_TWIN}{len(members) + 1}" if taken else info.filename
                members.append((key, digest.hexdigest()))
    except DAMAGED as error:
        raise UnreadableFile(f"{name}: cannot be decompressed ({_kind(error)}); ask for it again") from error
    return sorted(members)


def stream_is_packed(source: Source) -> bool:
    """Whether the bytes come out of an archive."""
    return source.member is not None or source.file_name.endswith(".gz")


def _open(source: Source) -> AbstractContextManager[BinaryIO]:
    if source.member is not None:
        return _open_member(source)
    if source.file_name.endswith(".gz"):
        return gzip.open(source.path, "rb")
    return source.path.open("rb", buffering=0)


@contextmanager
def _open_member(source: Source) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(source.path) as archive:
        member = source.member or ""
        if member not in archive.namelist():
            raise UnreadableFile(f"{source.name}: the second file of its name in the archive; pack them again")
        refusal = _refusal(archive.getinfo(member))
        if refusal:
            raise UnreadableFile(f"{source.name}: {refusal}")
        with archive.open(member) as stream:
            yield stream  # type: ignore[misc]


def _refusal(info: zipfile.ZipInfo) -> str | None:
    """Why a member of an archive is not read."""
    name = info.filename
    parts = re.split(r"[/\\]", name)
    if name.startswith("/") or ".." in parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "a path that leads out of its archive; pack the files again"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link in an archive; pack the file itself"
    if name.lower().endswith(ARCHIVES):
        return "an archive within an archive; deliver the files themselves"
    if info.flag_bits & 1:
        return "locked with a password; deliver it without"
    return None


def _is_hidden(name: str) -> bool:
    parts = [part for part in name.split("/") if part != ".."]
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _is_sheet(source: Source) -> bool:
    return source.file_name.endswith(".xlsx")


def _size(source: Source) -> int:
    try:
        return source.path.stat().st_size
    except OSError as error:
        raise UnreadableFile(f"{source.name}: cannot be read ({_kind(error)}); ask for it again") from error


def _check(name: str, count: int, packed: int, limit: int) -> None:
    if count > limit:
        raise UnreadableFile(f"{name}: more than {size_text(limit)} unpacked; deliver it in parts")
    if count > RATIO_GRACE_BYTES and count > MAX_RATIO * packed:
        raise UnreadableFile(f"{name}: unpacks to more than {MAX_RATIO} times its size; no till exports that")


def _kind(error: BaseException) -> str:
    """What went wrong, without the contents that messages of others may quote."""
    return type(error).__name__
