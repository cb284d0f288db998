"""Bytes as text: which encoding they are in, and the same text as a stream of UTF-8."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import MAX_HEADER_BYTES, MAX_TEXT_BYTES
from dagster_project.extract.unpacking import Source, unpacked

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Enough of a file to see a pattern of zero bytes.
_SAMPLE = 200


@dataclass(frozen=True)
class Text:
    """A source that decodes to its end: `size` characters, of which `head` is the beginning."""

    source: Source
    encoding: str
    head: str
    size: int
    has_quotes: bool

    @property
    def is_whole(self) -> bool:
        """Whether the head is all there is."""
        return self.size == len(self.head)

    def utf8(self, skip: int = 0) -> Iterator[bytes]:
        """The text in UTF-8 without its first `skip` characters, which must lie within the head."""
        # A mark in front has no place in `head`: the decoders that read one drop it.
        left = len(self.head[:skip].encode())
        decoder = None if self.encoding == "utf-8" else codecs.getincrementaldecoder(self.encoding)()
        for chunk in unpacked(self.source):
            plain = decoder.decode(chunk).encode() if decoder else chunk
            if left:
                plain, left = plain[left:], max(0, left - len(plain))
            if plain:
                yield plain


def open_text(source: Source, limit: int = MAX_TEXT_BYTES) -> Text:
    """Read a source once to its end and find its encoding. Raises UnreadableFile when it is no text."""
    first = next(unpacked(source, limit), b"")
    for encoding in _candidates(source.name, first):
        text = _decode(source, encoding, limit)
        if text is not None:
            return text
    raise UnreadableFile(f"{source.name}: the text is neither UTF-8, UTF-16 nor Windows-1252; export it as UTF-8")


def _candidates(name: str, first: bytes) -> tuple[str, ...]:
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return (encoding,)
    sample = first[:_SAMPLE]
    if len(sample) > 3 and len(sample) % 2 == 0:
        # Latin text in UTF-16 without a mark: every other byte is zero.
        for encoding, zeros, letters in (
            ("utf-16-le", sample[1::2], sample[::2]),
            ("utf-16-be", sample[::2], sample[1::2]),
        ):
            if not any(zeros) and all(letters):
                return (encoding,)
    if b"\0" in first:
        raise UnreadableFile(f"{name}: this is no text file; export it as CSV")
    return ("utf-8", "cp1252")


def _decode(source: Source, encoding: str, limit: int) -> Text | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    head, has_quotes, size = "", False, 0
    try:
        for chunk in unpacked(source, limit):
            text = decoder.decode(chunk)
            if "\0" in text:
                raise UnreadableFile(f"{source.name}: zero bytes within the text; export it again")
            has_quotes = has_quotes or '"' in text
            size += len(text)
            head = head if len(head) == MAX_HEADER_BYTES else (head + text)[:MAX_HEADER_BYTES]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return Text(source, encoding, head, size, has_quotes)
