"""ops.duckdb: what happened, night by night, also in runs that were refused.

Written beside and renamed, so that someone reading it neither blocks a run nor sees half of one.
It holds no personal data: rejected values are masked before they come here, and so is whatever looks like an
e-mail address or a phone number in a file's name, a header cell or a reason (`masked`, `masked_sql`).
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb

from dagster_project.home import Home

TABLES = {
    "runs": """run_id VARCHAR, as_of_date DATE, started_at TIMESTAMP, ended_at TIMESTAMP,
               status VARCHAR, reason VARCHAR""",
    "files": """path VARCHAR, location_id VARCHAR, sha256 VARCHAR, source VARCHAR, feed VARCHAR,
                rows_read BIGINT, rows_landed BIGINT, rows_duplicate BIGINT, rows_rejected BIGINT,
                status VARCHAR, reason VARCHAR, values_unreadable BIGINT, gone_in VARCHAR""",
    "rejected_rows": """file VARCHAR, row_number BIGINT, "column" VARCHAR, reason VARCHAR, value_masked VARCHAR""",
    "unreadable_values": """file VARCHAR, row_number BIGINT, "column" VARCHAR, reason VARCHAR, value_masked VARCHAR""",
    "drift": """path VARCHAR, source VARCHAR, change VARCHAR, column_name VARCHAR, detail VARCHAR""",
    "checks": """run_id VARCHAR, check_name VARCHAR, asset VARCHAR, kind VARCHAR, passed BOOLEAN,
                 detail VARCHAR""",
    "sync_runs": """run_id VARCHAR, destination VARCHAR, payload VARCHAR, rows_sent BIGINT, rows_removed BIGINT,
                    status VARCHAR, reason VARCHAR, rows_rejected BIGINT, requests BIGINT, seconds DOUBLE""",
    "sync_guards": """run_id VARCHAR, destination VARCHAR, audience VARCHAR, guard VARCHAR, count BIGINT, total BIGINT,
                      outcome VARCHAR, detail VARCHAR, overridden_by VARCHAR, reason VARCHAR""",
    "sync_left_out": """destination VARCHAR, audience VARCHAR, customer_id VARCHAR, reason VARCHAR, since DATE""",
    "sync_rejects": """run_id VARCHAR, destination VARCHAR, record_hash VARCHAR, code VARCHAR""",
}

# What counts as contact details wherever they do not belong: the one definition that masking and the gate's checks
# share. Written for Python's re and for DuckDB's RE2 alike, so without looking around.
EMAIL = r"[^\s@,;:/<>()]+@[^\s@,;:/<>()]+\.[A-Za-z]{2,}"
# A number written as one: after a +, with its area code in brackets, in the American 3-3-4, or from a trunk 0 in
# blocks. Bare digits, dates, hashes and barcodes stay: they cannot be told from the ids they mostly are.
PHONE = (
    r"(^|[^0-9])("
    r"\+(?:[0-9]{8,15}|(?:[ ().-]{0,2}[0-9]){7,15})"
    r"|\([0-9]{3,5}\)(?:[ .-]{0,2}[0-9]){5,12}"
    r"|(?:1[ .-])?[2-9][0-9]{2}[ .-][2-9][0-9]{2}[ .-][0-9]{4}"
    r"|0[0-9]{2,4} [0-9]{3,4} [0-9]{3,4}"
    r")"
)
# Whatever EMAIL or PHONE matches holds one of these.
EMAIL_OR_PHONE_SIGNS = "@+( .-"
_MASK = "[masked]"


def masked(text: str) -> str:
    """The text without what looks like an e-mail address or a phone number."""
    return re.sub(PHONE, rf"\1{_MASK}", re.sub(EMAIL, _MASK, text))


def masked_sql(expression: str) -> str:
    """`masked` as a DuckDB expression over a text expression."""
    without_email = f"regexp_replace({expression}, '{EMAIL}', '{_MASK}', 'g')"
    return f"regexp_replace({without_email}, '{PHONE}', '\\1{_MASK}', 'g')"


@contextmanager
def update_ops(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a fresh copy of ops.duckdb, which replaces the old one when the block ends well."""
    home.root.mkdir(parents=True, exist_ok=True)
    beside = home.ops.with_suffix(".new")
    for leftover in (beside, beside.with_suffix(".new.wal")):
        leftover.unlink(missing_ok=True)
    if home.ops.exists():
        shutil.copyfile(home.ops, beside)
    connection = duckdb.connect(str(beside))
    try:
        for table, columns in TABLES.items():
            connection.execute(f"create table if not exists {table} ({columns})")
            _add_new_columns(connection, table, columns)
        yield connection
        connection.execute("checkpoint")
    except BaseException:
        connection.close()
        beside.unlink(missing_ok=True)
        raise
    connection.close()
    os.replace(beside, home.ops)


def record_failure(home: Home, reason: str) -> None:
    """Tell ops.runs why the run at work stopped; one that stopped before it had an id stands as `not-begun-<n>`."""
    now = datetime.now(UTC).replace(tzinfo=None)
    with update_ops(home) as connection:
        told = connection.execute(
            "update runs set status = 'failed', ended_at = ?, reason = ? where status = 'running' returning run_id",
            [now, masked(reason)],
        ).fetchall()
        if not told:
            earlier = connection.execute("select count(*) from runs where run_id like 'not-begun-%'").fetchall()[0][0]
            connection.execute(
                "insert into runs values (?, null, ?, ?, 'failed', ?)",
                [f"not-begun-{earlier + 1}", now, now, masked(reason)],
            )


def _add_new_columns(connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> None:
    """An ops.duckdb of an older version gains the columns that came since."""
    known = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
    for column in (part.strip() for part in columns.split(",")):
        name = column.split()[0].strip('"')
        if name not in known:
            connection.execute(f"alter table {table} add column {column}")
