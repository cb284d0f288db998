"""Dagster's event log in one SQLite file with one open engine.

Dagster's own storage opens, compiles for and closes the file anew at every statement, some thousand times a
night: half of what a small night costs. Everything else is Dagster's; dagster.yaml names this class.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import sqlalchemy
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage


class EventLog(ConsolidatedSqliteEventLogStorage):
    """The consolidated SQLite event log on an engine that stays open, with its compiled statements."""

    @cached_property
    def _engine(self) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(self._conn_string, connect_args={"timeout": 60})

        @sqlalchemy.event.listens_for(engine, "connect")
        def _flush_less(connection, _record) -> None:
            # In WAL mode this loses at most the last events at a power cut, and never damages the file.
            connection.execute("pragma synchronous = normal")

        return engine

    @cached_property
    def _tables(self) -> frozenset[str]:
        return frozenset(sqlalchemy.inspect(self._engine).get_table_names())

    def has_table(self, table_name: str) -> bool:
        return table_name in self._tables

    @contextmanager
    def _connect(self) -> Iterator[sqlalchemy.Connection]:
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()
        self._engine.dispose()
