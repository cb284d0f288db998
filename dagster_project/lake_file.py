"""Parquet files of the lake: there whole or not at all, and in a form that is cheap to write.

The lake holds one file per delivered file, so most are small: what a file costs beyond its rows counts more than
its size. Hence a fast codec, dictionaries only where a column repeats itself, and statistics only of dates.
"""

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# Columns that say the same in most rows of one file.
REPETITIVE = frozenset(
    {
        "file_key",
        "source_system",
        "customer_id_scope",
        "location_id",
        "currency",
        "kind",
        "email_validity",
        "phone_validity",
        "contact_kind",
        "contact_validity",
    }
)


def _form(schema: pa.Schema) -> dict[str, Any]:
    dated = [f.name for f in schema if pa.types.is_date(f.type) or pa.types.is_timestamp(f.type)]
    return {
        "compression": "lz4",
        "use_dictionary": [name for name in schema.names if name in REPETITIVE],
        "write_statistics": dated or False,
        "store_decimal_as_integer": True,
    }


class LakeFile:
    """A file written beside its place and renamed when finished; without rows, only if `even_empty`."""

    def __init__(self, path: Path, even_empty: bool):
        self.path, self.rows, self._even_empty = path, 0, even_empty
        self._beside = path.with_suffix(".new")
        self._sink: pa.OSFile | None = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        if table.num_rows == 0 and not self._even_empty:
            return
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # By name, pyarrow would first find out which file system it is on.
            self._sink = pa.OSFile(str(self._beside), "wb")
            self._writer = pq.ParquetWriter(self._sink, table.schema, **_form(table.schema))
        self._writer.write_table(table)
        self.rows += table.num_rows

    def finish(self) -> int:
        """Close and rename; the number of rows written."""
        if self._close():
            os.replace(self._beside, self.path)
        elif not self._even_empty:
            self.path.unlink(missing_ok=True)
        return self.rows

    def abandon(self) -> None:
        """Remove what was not finished."""
        if self._close():
            self._beside.unlink(missing_ok=True)

    def _close(self) -> bool:
        if self._writer is None or self._sink is None:
            return False
        self._writer.close()
        self._sink.close()
        self._writer = self._sink = None
        return True


def write_lake_file(table: pa.Table, path: Path) -> None:
    """Write a file of the lake in one go, with rows or without."""
    file = LakeFile(path, even_empty=True)
    file.write(table)
    file.finish()
