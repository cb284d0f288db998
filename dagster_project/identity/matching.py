"""Who is who: exact rules, then probabilities, then closure, under the guard and the steward's word.

A night computes this for what changed since the night that is kept (changes.py), and the first for everybody, by the
same statements: a component of the exact rules, and then a component of the scores, is computed as if it were a network
of its own, given what the whole network says of contacts, birth dates and names.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.identity.candidates import SMALL
from dagster_project.identity.changes import find_region
from dagster_project.identity.closure import close_scores
from dagster_project.identity.cluster import find_exact_clusters
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.guard import Guard
from dagster_project.identity.kept import empty_kept, fingerprint, open_kept, seal_kept, tell_unreadable
from dagster_project.identity.match import tie_records
from dagster_project.identity.model import Model, prior
from dagster_project.identity.numbering import Numbers, number_records
from dagster_project.identity.profiles import VARIANT_BITS, finished, shape_profiles
from dagster_project.identity.renewal import find_fresh, keep_exact, keep_scores
from dagster_project.network_sections import IdentitySection

# What one pass lays out for itself, and what is needed after it, by what is shown.
LAID_OUT = ("laid", "laid_sayings", "changed", "gone")
NUMBERED = ("given", "decided_now", "numbered", "odd_birth_dates")


def match(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    limits: IdentitySection,
    decisions: Decisions,
    memo: Path | None = None,
) -> None:
    """Tables or views `clusters`, `edges`, `judged_scores`, `profiles`, `names`, `ties` and `exact_clusters` from
    `records` and `observed`; they read the database `kept`, which stays attached.

    `memo` is the file of what is kept from night to night (see kept.py); without one everything is computed.
    """
    mark = fingerprint(model, limits)
    open_kept(con, memo, mark)
    try:
        with _one_thread(con) if _is_kept(con) else nullcontext():
            is_renewed = _renew(con, model, limits, decisions, memo)
    except duckdb.IOException as error:
        if memo is None:
            raise
        tell_unreadable(memo, error)
        is_renewed = False
    if not is_renewed:
        _drop(con, *LAID_OUT, *NUMBERED)
        empty_kept(con, memo, mark)
        _renew(con, model, limits, decisions, memo)


def _renew(
    con: duckdb.DuckDBPyConnection, model: Model, limits: IdentitySection, decisions: Decisions, memo: Path | None
) -> bool:
    """Bring what is kept to tonight, and show it. False where it cannot tell tonight's records apart, and where the
    network has outgrown it: by its size everybody is judged."""
    numbers = number_records(con, decisions)
    if numbers is None:
        return False
    decided = decisions.among(con, "(select record_no as known_no, known_no as record_no from numbered)")
    with con.cursor() as work:
        laid, has_forgotten = find_region(con, work, numbers)
        tie_records(work)
        find_exact_clusters(work, decided.among(work, "laid"))
        shape_profiles(work)
        keep_exact(work, laid)
        profiles = work.execute("select count(*) from kept.shapes").fetchall()[0][0]
        odds = prior(profiles, model.duplicates)
        scale = f"{odds} {profiles <= SMALL}"
        is_outgrown = work.execute("select scale not in (?) from kept.about", [scale]).fetchall()[0][0]
        if not is_outgrown:
            work.execute("update kept.about set scale = ?", [scale])
            guard = Guard(model.twins, model.namesakes, model.families, model.households)
            find_fresh(work, profiles)
            least = min(limits.review_probability, limits.auto_merge_probability)
            keep_scores(work, model.settings, decided, least, odds, guard, numbers)
            close_scores(work, decided, limits.auto_merge_probability, guard, numbers)
    if is_outgrown:
        return False
    _drop(con, *LAID_OUT)
    _show(con, numbers)
    seal_kept(con, memo, has_forgotten)
    return True


def _is_kept(con: duckdb.DuckDBPyConnection) -> bool:
    return con.execute("select exists (from kept.records)").fetchall()[0][0]


@contextmanager
def _one_thread(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A day's statements are small: shared among threads they take a fifth more of the processors."""
    before = con.execute("select current_setting('threads')").fetchall()[0][0]
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute(f"set threads = {before}")


def _drop(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        con.execute(f"drop table if exists {table}")


def _show(con: duckdb.DuckDBPyConnection, numbers: Numbers) -> None:
    """What is kept, by tonight's record numbers."""
    low = (1 << VARIANT_BITS) - 1

    def of(column: str) -> str:
        return f"join numbered {column}_of on {column}_of.known_no = k.{column}"

    def side(column: str, cluster: str) -> str:
        return f"({cluster}_of.record_no << {VARIANT_BITS}) + (k.{column} & {low}) as {column}"

    ends = ("cluster_l", "cluster_r", "record_l", "record_r")
    tonight = [f"{column}_of.record_no as {column}" for column in ends]
    paired = ", ".join([*tonight, side("left_no", "cluster_l"), side("right_no", "cluster_r")])
    joins = " ".join(of(column) for column in ends)
    shapes = f"""(select k.* replace (cluster_no_of.record_no as cluster_no, record_no_of.record_no as record_no)
                  from kept.shapes k {of("cluster_no")} {of("record_no")})"""
    views = {
        "names": f"""select known_no_of.record_no, first_key, last_key, class from kept.records k {of("known_no")}""",
        "ties": f"""select k.rule_rank, known_no_of.record_no, leader_no_of.record_no as leader_no, k.block
                    from kept.ties k {of("known_no")} {of("leader_no")}""",
        "exact_clusters": f"""select known_no_of.record_no, exact_no_of.record_no as cluster_no
                              from kept.records k {of("known_no")} {of("exact_no")}""",
        "profiles": finished(shapes, "kept."),
        "judged_scores": f"select k.probability, k.is_refused, {paired} from kept.judged_scores k {joins}",
        "edges": f"select k.probability, k.is_taken, {paired} from kept.edges k {joins}",
    }
    for name, query in views.items():
        con.execute(f"create or replace temp view {name} as {query}")
    _show_clusters(con, numbers)


def _show_clusters(con: duckdb.DuckDBPyConnection, numbers: Numbers) -> None:
    """View `clusters` of what lies in memory by tonight's numbers, as most of what follows asks for it."""
    kept = con.execute("select known_no, cluster_no, match_rule, match_probability from kept.clusters").to_arrow_table()
    ends = {
        "record_no": numbers.record_no[kept["known_no"].to_numpy()],
        "cluster_no": numbers.record_no[kept["cluster_no"].to_numpy()],
    }
    con.register("clusters", pa.table(ends | {name: kept[name] for name in ("match_rule", "match_probability")}))
