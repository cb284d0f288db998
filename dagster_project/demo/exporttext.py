"""Columns to the bytes of a CSV file: quoting, money and dates, as arrays."""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Delivery:
    """One file of the landing zone: its path there, its bytes, and when it arrived.

    `rows` are its data rows of `feed` (blank for none); `mess` what is wrong with it: (kind, detail).
    """

    path: str
    content: bytes
    delivered: datetime
    rows: int = 0
    feed: str = ""
    mess: tuple[tuple[str, str], ...] = ()


def header(line: str) -> list[str]:
    """A header line as the list of its columns."""
    return line.split(",")


def csv_bytes(columns: Mapping[str, Iterable | str], empty: str = "", newline: str = "\n") -> bytes:
    """A CSV with a header line; values are quoted where they must be, empty ones written as `empty`."""
    return csv_file(columns, csv_rows(columns, empty), newline)


def csv_rows(columns: Mapping[str, Iterable | str], empty: str = "") -> list[str]:
    """The rows as lines of text; a column given as one text has it in every row."""
    cells = [_cells([v] if isinstance(v, str) else v, empty) for v in columns.values()]
    cells = [cell[0] if isinstance(v, str) else cell for cell, v in zip(cells, columns.values(), strict=True)]
    return pc.binary_join_element_wise(*cells, ",").to_pylist()


def csv_file(columns: Iterable[str], rows: list[str], newline: str = "\n") -> bytes:
    """Lines below a header."""
    return (newline.join([",".join(columns), *rows]) + newline).encode()


def _cells(values: Iterable, empty: str) -> pa.Array:
    cell = pa.array(values, type=pa.string(), from_pandas=True)
    if isinstance(cell, pa.ChunkedArray):
        cell = cell.combine_chunks()
    cell = cell.fill_null("") if cell.null_count else cell
    text = bytes(cell.buffers()[2] or b"")
    if b"," in text or b'"' in text or b"\n" in text or b"\r" in text:
        quoted = pc.binary_join_element_wise('"', pc.replace_substring(cell, '"', '""'), '"', "")
        cell = pc.if_else(pc.match_substring_regex(cell, '[",\r\n]'), quoted, cell)
    return pc.if_else(pc.equal(cell, ""), empty, cell) if empty else cell


def gzip_bytes(content: bytes) -> bytes:
    """Compressed without a time stamp: the same content gives the same bytes."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def per_value(values: np.ndarray, text) -> np.ndarray:
    """`text(value)` per element, computed once per distinct value."""
    inverse, distinct = pd.factorize(np.asarray(values))
    return np.array([text(value) for value in distinct.tolist()], dtype=object)[inverse]


def plain_money(cents: np.ndarray) -> np.ndarray:
    return per_value(np.asarray(cents), lambda value: f"{value / 100:.2f}")


def comma_money(cents: np.ndarray) -> np.ndarray:
    """`1,013.00`."""
    return per_value(np.asarray(cents), lambda value: f"{value / 100:,.2f}")


def dollars(cents: np.ndarray) -> np.ndarray:
    """Square's own: `$8.00`, `-$7.00`, `$1,149.00`."""
    return per_value(np.asarray(cents), lambda value: f"{'-' if value < 0 else ''}${abs(value) / 100:,.2f}")


def excel_dollars(cents: np.ndarray) -> np.ndarray:
    """The same after Excel saved the file again: `$8.00 `, `($7.00)`."""
    return per_value(
        np.asarray(cents), lambda value: f"(${-value / 100:,.2f})" if value < 0 else f"${value / 100:,.2f} "
    )


def clock(seconds: np.ndarray) -> np.ndarray:
    """Seconds of the day as HH:MM:SS; what runs past midnight stays at the last second."""
    seconds = np.minimum(np.asarray(seconds), 86_399)
    return per_value(seconds, lambda value: f"{value // 3600:02d}:{value // 60 % 60:02d}:{value % 60:02d}")
