"""JSON exports: a list of objects, or lines that are one object each.

Objects within an object are flattened to dotted names; a list of plain values is joined by ", ", a list of
anything else stays JSON. Numbers keep the digits they are written with.
"""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa

from dagster_project.errors import UnreadableFile
from dagster_project.extract.limits import MAX_CELL, MAX_COLUMNS, MAX_WHOLE_BYTES
from dagster_project.extract.reading_text import bounded_lines
from dagster_project.extract.tables import Number, Rows, Table, batches_of, header_of
from dagster_project.extract.text import Text, open_text
from dagster_project.extract.unpacking import CHUNK, ByteStream, Source

_NO_OBJECT = "no JSON object"
Record = dict[str, str] | str


def open_json(source: Source) -> Table:
    """A file that is one JSON document."""
    return _table(open_text(source, MAX_WHOLE_BYTES), _document)


def open_json_lines(source: Source) -> Table:
    """A file with one JSON object per line."""
    text = open_text(source)
    return replace(_table(text, _lines), starts=partial(_starts, text))


def _table(text: Text, records: Any) -> Table:
    name = text.source.name
    found: dict[str, None] = {}
    for record in records(text):
        if isinstance(record, dict):
            found.update(dict.fromkeys(record))
            if len(found) > MAX_COLUMNS:
                break
    if not found:
        raise UnreadableFile(f"{name}: no objects with named values; deliver one JSON object per row")
    header = header_of(name, found)
    return Table(name, header, partial(_stream, text, records, tuple(found), header))


def _stream(
    text: Text, records: Any, keys: tuple[str, ...], header: tuple[str, ...], headers: list[str], rows: Rows
) -> Iterator[pa.Table]:
    cells = (r if isinstance(r, str) else [r.get(key, "") for key in keys] for r in records(text))
    yield from batches_of(text.source.name, header, cells, headers, rows)


def _document(text: Text) -> Iterator[Record]:
    name = text.source.name
    try:
        document = _parse(b"".join(text.utf8()).decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{name}: no valid JSON; ask for the export again") from error
    lists = list(_lists(document, ""))
    if len(lists) != 1:
        where = f" ({', '.join(key[:60] for key, _ in lists[:5])})" if lists else ""
        raise UnreadableFile(f"{name}: {len(lists)} lists of objects{where}; deliver a file with exactly one")
    return _records(lists[0][1])


def _lists(document: Any, key: str) -> Iterator[tuple[str, list]]:
    """Lists that hold objects, wherever objects lead to them."""
    if isinstance(document, list):
        if any(isinstance(item, dict) for item in document):
            yield key or "the document", document
    elif isinstance(document, dict):
        for inner, value in document.items():
            yield from _lists(value, f"{key}.{inner}" if key else inner)


def _lines(text: Text) -> Iterator[Record]:
    return _records(_line(line) for _, line in _filled_lines(text))


def _starts(text: Text, rows: int) -> Iterator[int]:
    return (number for number, _ in _filled_lines(text))


def _filled_lines(text: Text) -> Iterator[tuple[int, str]]:
    decoded = io.TextIOWrapper(io.BufferedReader(ByteStream(text.utf8()), CHUNK), "utf-8")
    lines = enumerate(bounded_lines(decoded, text.source.name), start=1)
    return ((number, line) for number, line in lines if line.strip("\ufeff \t\r\n"))


def _line(line: str) -> Any:
    try:
        return _parse(line.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None


def _records(items: Iterable[Any]) -> Iterator[Record]:
    for item in items:
        yield _flat(item) if isinstance(item, dict) else _NO_OBJECT


def _flat(item: dict) -> Record:
    flat: dict[str, str] = {}
    try:
        _flatten(item, "", flat)
    except RecursionError:
        return "objects nested too deep"
    if any("\0" in cell for cell in flat.values()):
        return "a zero byte in a value"
    return flat


def _flatten(item: dict, prefix: str, flat: dict[str, str]) -> None:
    for key, value in item.items():
        name = prefix + _clean(key)
        if isinstance(value, dict):
            _flatten(value, f"{name}.", flat)
        elif isinstance(value, list):
            plain = not any(isinstance(part, (dict, list)) for part in value)
            flat[name] = ", ".join(map(_cell, value)) if plain else _clean(json.dumps(value, ensure_ascii=False))
        else:
            flat[name] = _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _clean(value)


def _clean(text: str) -> str:
    """Text without half characters, which JSON can spell and UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _parse(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=Number, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant[:MAX_CELL]} is no JSON")
