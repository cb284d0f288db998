"""What one destination acknowledged, and its outbox: state/sync/<destination>.duckdb, attached as `ledger`.

acknowledged  one row per profile (audience '') and per member of an audience, as the tool confirmed it
refused       what the tool rejected; not sent again until the profile changes
erased        whom the tool has forgotten, by keyed hash, as of which request
outbox        what is to be sent now, in order: upserts, then additions, removals and erasures
ranges        which stretch of the outbox was submitted or acknowledged, with the tool's job id
failures      rejected records of the outbox
Only whole statements write here, so that a kill leaves what was true before or after one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.home import Home
from dagster_project.publish.courier import DestinationStopped
from dagster_project.publish.tool import Action, Task
from dagster_project.publish.working import attach_state

TABLES = """
create table if not exists ledger.acknowledged (
    audience varchar, record_hash varchar, email varchar, customer_id varchar, payload_hash varchar);
create table if not exists ledger.refused (audience varchar, record_hash varchar, payload_hash varchar, code varchar);
create table if not exists ledger.erased (record_hash varchar, requested_at varchar);
create table if not exists ledger.outbox (
    seq bigint, action varchar, audience varchar, record_hash varchar, email varchar, customer_id varchar,
    payload varchar, payload_hash varchar);
create table if not exists ledger.ranges (first_seq bigint, last_seq bigint, state varchar, job_id varchar);
create table if not exists ledger.failures (seq bigint, code varchar);
create table if not exists ledger.meta (name varchar, value varchar);
"""
# Audience and record_hash of whom a tool has on a list, or may have: an answer to what left is not in yet.
MEMBERS_HELD = """(
    select audience, record_hash from ledger.acknowledged
    union
    select o.audience, o.record_hash from ledger.outbox o
    join ledger.ranges r on o.seq between r.first_seq and r.last_seq
    anti join ledger.failures f on f.seq = o.seq where o.action = 'add')"""
# Stands for the hash of what a tool has, when a batch left and nobody knows what became of it.
IN_DOUBT = "in doubt"
_SETTLED = "ledger.outbox o join ledger.ranges r on o.seq between r.first_seq and r.last_seq and r.state = 'done'"


@dataclass(frozen=True)
class Open:
    """A submitted stretch whose job has not ended."""

    first_seq: int
    last_seq: int
    job_id: str


@contextmanager
def open_ledger(connection: duckdb.DuckDBPyConnection, home: Home, destination: str) -> Iterator["Ledger"]:
    file = home.sync / f"{destination}.duckdb"
    attach_state(connection, file, "ledger")
    try:
        connection.execute(TABLES)
        yield Ledger(connection, file)
    finally:
        connection.execute("detach ledger")


class Ledger:
    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path):
        self.connection, self.file = connection, file
        self._most_rejects: int | None = None

    def outbox_rows(self) -> int:
        return self.connection.execute("select count(*) from ledger.outbox").fetchone()[0]

    def bear_rejects(self, most: int) -> None:
        """From now on, once more than `most` are rejected, none of them is: they are in doubt, and sent again."""
        self._most_rejects = most

    def open_ranges(self) -> list[Open]:
        rows = self.connection.execute(
            "select first_seq, last_seq, job_id from ledger.ranges where state = 'submitted' order by first_seq"
        ).fetchall()
        return [Open(*row) for row in rows]

    def sending(self, first: int, last: int) -> None:
        """Kept before a batch leaves: until the tool says what became of it, what it has is in doubt."""
        self.connection.execute("insert into ledger.ranges values (?, ?, 'sending', null)", [first, last])

    def submitted(self, first: int, last: int, job_id: str) -> None:
        """Kept at once: after a kill the job is asked about, not sent again."""
        self.connection.execute("insert into ledger.ranges values (?, ?, 'submitted', ?)", [first, last, job_id])

    def done(self, first: int, last: int, rejected: dict[int, str]) -> None:
        """A stretch has been taken; rejected: seq -> code. Raises DestinationStopped when that is too many by now."""
        before = self.connection.execute("select count(*) from ledger.failures").fetchone()[0] if rejected else 0
        if rejected and self._most_rejects is not None and before + len(rejected) > self._most_rejects:
            self.connection.execute("update ledger.failures set code = ?", [IN_DOUBT])
            raise DestinationStopped(
                f"the tool refuses more than {self._most_rejects} records; look at it, then publish again: they wait"
            )
        self.connection.execute("begin")
        if rejected:
            self.connection.execute(
                "insert into ledger.failures select unnest(?::bigint[]), unnest(?::varchar[])",
                [list(rejected), list(rejected.values())],
            )
        self.connection.execute("delete from ledger.ranges where first_seq = ? and last_seq = ?", [first, last])
        self.connection.execute("insert into ledger.ranges values (?, ?, 'done', null)", [first, last])
        self.connection.execute("commit")

    def forget(self, stretch: Open) -> None:
        """The tool lost the job: its records are to be sent anew."""
        self.connection.execute(
            "delete from ledger.ranges where first_seq = ? and last_seq = ? and state = 'submitted'",
            [stretch.first_seq, stretch.last_seq],
        )

    def task_of(self, stretch: Open, lists: dict[str, str]) -> Task:
        action, audience = self.connection.execute(
            "select action, audience from ledger.outbox where seq = ?", [stretch.first_seq]
        ).fetchone()
        return Task(action, audience, lists.get(audience, ""))

    def segments(self, action: Action) -> list[tuple[str, int, int]]:
        """(audience, first seq, last seq) of each stretch of one action and audience."""
        return self.connection.execute(
            "select audience, min(seq), max(seq) from ledger.outbox where action = ? group by 1 order by 2", [action]
        ).fetchall()

    def rows(self, first: int, last: int, most: int) -> list[tuple[int, str, str, str | None]]:
        """(seq, email, customer_id, payload) in order, at most `most`."""
        return self.connection.execute(
            "select seq, email, customer_id, payload from ledger.outbox where seq between ? and ? order by seq limit ?",
            [first, last, most],
        ).fetchall()

    def leave_out_rejected(self) -> None:
        """Whoever the tool would not have as a profile is put on no list."""
        self.connection.execute(
            """delete from ledger.outbox where action = 'add' and record_hash in (
                   select record_hash from ledger.outbox join ledger.failures using (seq) where action = 'upsert')"""
        )

    def fold(self) -> None:
        """Take what was acknowledged over, and empty the outbox of what is not open. Repeating it changes nothing."""
        run = self.connection.execute
        run(
            f"""create or replace temp table settled as
                select o.*, f.code from {_SETTLED} left join ledger.failures f using (seq)"""
        )
        run(
            """create or replace temp table doubtful as
               select distinct o.* from ledger.outbox o
               join ledger.ranges r on o.seq between r.first_seq and r.last_seq and r.state = 'sending'
               anti join settled s on s.seq = o.seq"""
        )
        run(f"insert into doubtful select * exclude (code) from settled where code = '{IN_DOUBT}'")
        run("begin")
        of_settled = "s where s.audience = t.audience and s.record_hash = t.record_hash"
        taken = "(select audience, record_hash from settled where code is null)"
        run(f"delete from ledger.acknowledged t using {taken} {of_settled}")
        run(
            """insert into ledger.acknowledged
               select audience, record_hash, email, customer_id, payload_hash from settled
               where action in ('upsert', 'add') and code is null"""
        )
        # A profile that has changed since may be let onto the list that refused it.
        run(
            """delete from ledger.refused where audience <> '' and record_hash in (
                   select record_hash from settled where action = 'upsert' and code is null)"""
        )
        rejected = "(select audience, record_hash from settled where code is not null)"
        run(
            f"""delete from ledger.acknowledged t using {rejected} {of_settled}
                and t.payload_hash = '{IN_DOUBT}'"""
        )
        # A lost answer may hide what was applied: it is sent again if wanted, and taken away if not.
        run(f"delete from ledger.acknowledged t using (select audience, record_hash from doubtful) {of_settled}")
        run(
            f"""insert into ledger.acknowledged
                select audience, record_hash, email, customer_id, '{IN_DOUBT}' from doubtful"""
        )
        run(f"delete from ledger.refused t using (select audience, record_hash from settled) {of_settled}")
        run(
            f"""insert into ledger.refused
               select audience, record_hash, payload_hash, code from settled
               where code is not null and code <> '{IN_DOUBT}' and action <> 'erase'"""
        )
        # What a tool would not forget is asked of it again each night; what it forgot, when its person asks anew.
        forgotten = "from settled where action = 'erase' and code is null"
        run(f"insert into ledger.erased select record_hash, payload_hash {forgotten}")
        for table in ("acknowledged", "refused"):
            run(f"delete from ledger.{table} where record_hash in (select record_hash {forgotten})")
        for table in ("outbox", "ranges", "failures"):
            run(f"delete from ledger.{table}")
        run("commit")
        run("drop table settled")
        run("drop table doubtful")
