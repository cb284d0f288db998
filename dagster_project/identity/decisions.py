"""A steward's decisions: the last word on a pair of records counts, and outranks every rule and score."""

from dataclasses import dataclass

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import clean_files

Pair = tuple[int, int]


@dataclass(frozen=True)
class Decisions:
    """Pairs of record numbers, lower first, in the order they were decided."""

    together: list[Pair]
    apart: list[Pair]

    def among(self, con: duckdb.DuckDBPyConnection, table: str) -> "Decisions":
        """Those between records of `table` (known_no, record_no), from the one number to the other."""
        wanted = sorted({record for pair in (*self.together, *self.apart) for record in pair})
        if not wanted:
            return NONE
        query = f"select known_no, record_no from {table} where known_no in (select unnest(?))"
        here = dict(con.execute(query, [wanted]).fetchall())
        together, apart = (
            [(here[a], here[b]) for a, b in pairs if a in here and b in here] for pairs in (self.together, self.apart)
        )
        return Decisions(together, apart)


NONE = Decisions([], [])
WORD = ("decided_at", "decision", "left_source", "left_location_id", "left_id", "right_source", "right_location_id",
        "right_id", "decided_by", "reason")  # fmt: skip


def read_decisions(con: duckdb.DuckDBPyConnection, home: Home) -> Decisions:
    """What stands decided. Also tables `words` (every decision, with decision_no in the order they were given, and the
    records it names where they are there) and `decided` (the last of every pair).

    A decision counts at once, whatever the as-of date: it is about records, not about a business day. It names
    a record as the mart customer_identities does or as the source itself does; one about a record that is not
    there waits for it.
    """

    def named(alias: str, side: str) -> str:
        return f"""left join ids {alias} on {alias}.source = d.{side}_source and {alias}.id = d.{side}_id
                   and ({alias}.scope = coalesce(d.{side}_location_id, '') or {alias}.scope = '')"""

    con.execute(
        f"""create temp table words as
            with ids as (
                select record_no, record_key, source, scope, unnest(list_distinct([who, source_record_id])) as id
                from known_as),
            given as (
                select row_number() over (order by {", ".join(WORD)}) as decision_no, * from (
                    select distinct {", ".join(WORD)} from {clean_files(home, "identity_decisions")}))
            select decision_no, decision, decided_at, decided_by, reason, one.record_no is not null
                       and other.record_no is not null and one.record_no <> other.record_no as is_found,
                   least(one.record_no, other.record_no) as left_no,
                   greatest(one.record_no, other.record_no) as right_no,
                   least(one.record_key, other.record_key) as left_key,
                   greatest(one.record_key, other.record_key) as right_key
            from given d {named("one", "left")} {named("other", "right")}"""
    )
    con.execute(
        """create temp table decided as
           select * exclude (is_found) from words where is_found
           qualify row_number() over (
               partition by left_no, right_no
               order by decided_at desc, decision = 'withdraw' desc, decision desc, decision_no) = 1"""
    )
    rows = con.execute(
        "select decision, left_no, right_no from decided order by decided_at, left_no, right_no"
    ).fetchall()
    return Decisions(
        [(left, right) for decision, left, right in rows if decision == "merge"],
        [(left, right) for decision, left, right in rows if decision == "separate"],
    )


# Every decision with its effect tonight; who decided and why is for the steward's eyes, not for analysts.
EFFECTS = """
    with last_words as (select decision_no, left_no, right_no from decided),
    named as (
        select record_no, customer_id, concat_ws('/', source, coalesce(location_id, ''), source_record_id) as record
        from records join people using (record_no))
    select w.decision_no, w.decision, w.decided_at, w.decided_by, w.reason, w.left_key, w.right_key,
           l.record as left_record, r.record as right_record,
           l.customer_id as left_customer_id, r.customer_id as right_customer_id,
           coalesce(d.decision_no is not null and w.decision <> 'withdraw', false) as is_in_force,
           case when not w.is_found then 'waiting'
                when d.decision_no is null then 'superseded'
                when w.decision = 'withdraw' then 'taken_back'
                when w.decision = 'separate' then 'kept_apart'
                when l.customer_id = r.customer_id then 'joined'
                else 'overruled' end as effect
    from words w left join last_words d using (decision_no, left_no, right_no)
    left join named l on w.is_found and l.record_no = w.left_no
    left join named r on w.is_found and r.record_no = w.right_no
    qualify row_number() over (partition by w.decision_no
        order by w.is_found desc, d.decision_no is null, w.left_no, w.right_no) = 1
    order by w.decision_no"""


def find_parted(con: duckdb.DuckDBPyConnection) -> None:
    """Table `parted`: customer_no, customer_id, other_no, other_id of any two customers whom a steward told apart."""
    con.execute(
        """create temp table parted as
           with pairs as (
               select left_no, right_no from decided where decision = 'separate'
               union all select right_no, left_no from decided where decision = 'separate')
           select distinct a.customer_no, a.customer_id, b.customer_no as other_no, b.customer_id as other_id
           from pairs join people a on a.record_no = left_no join people b on b.record_no = right_no
           where a.customer_no <> b.customer_no"""
    )
