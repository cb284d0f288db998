"""Parquet files that are there whole or not at all."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class ParquetWriter:
    """Parquet written beside its place and renamed when finished; without rows, only if `even_empty`."""

    def __init__(self, path: Path, even_empty: bool):
        self.path, self.rows, self._even_empty = path, 0, even_empty
        self._beside = path.with_suffix(".new")
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        if table.num_rows == 0 and not self._even_empty:
            return
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._beside, table.schema, compression="zstd", compression_level=1)
        self._writer.write_table(table)
        self.rows += table.num_rows

    def finish(self) -> int:
        """Close and rename; the number of rows written."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            os.replace(self._beside, self.path)
        elif not self._even_empty:
            self.path.unlink(missing_ok=True)
        return self.rows

    def abandon(self) -> None:
        """Remove what was not finished."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._beside.unlink(missing_ok=True)
