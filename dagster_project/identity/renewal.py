"""Puts what was computed of a region in the place of what was kept of it: exact clusters, profiles and scores.

In `work` stand the tables of the region, whose records count from 0 (`laid` tells their known_no); kept is by known_no.
"""

from typing import Any

import duckdb
import numpy as np

from dagster_project.identity.arrays import columns, write_table
from dagster_project.identity.candidates import blocks_of, pairs_between
from dagster_project.identity.changes import SAYING
from dagster_project.identity.cluster import components
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.guard import Guard, judge_scores
from dagster_project.identity.match import neighbour_keys
from dagster_project.identity.numbering import Numbers
from dagster_project.identity.profiles import VARIANT_BITS, counted_names, finished, rated_names
from dagster_project.identity.reach import read_shapes
from dagster_project.identity.weights import score_candidates, weigh_candidates, weighing

# Tables by record, and the column that says whose a row is.
OWNERS = {"records": "known_no", "sayings": "known_no", "keys": "known_no", "ties": "known_no", "shapes": "cluster_no"}


def keep_exact(work: duckdb.DuckDBPyConnection, laid: Numbers) -> None:
    """Keep the region's records, names, ties, exact clusters and profiles; table `replaced` (known_no) for later."""
    work.execute("create temp table replaced as select known_no from laid union from gone")
    work.execute(
        """create temp table outdated as
           select cluster_no, variant, first_name_hash, last_name_hash
           from kept.shapes join replaced on cluster_no = known_no"""
    )
    for table, owner in OWNERS.items():
        work.execute(f"delete from kept.{table} where {owner} in (from replaced)")
    work.execute(f"create temp table region_keys as {neighbour_keys()}")
    _label_records(work, laid)
    mine = "join laid l using (record_no)"
    statements = {
        "records": f"""select l.known_no, key_hash, digest, component, m.known_no, first_key, last_key, class
                       from labels {mine} join names using (record_no) join exact_clusters using (record_no)
                       join laid m on m.record_no = cluster_no""",
        "sayings": f"select known_no, {SAYING} from observed {mine}",
        "keys": f"select known_no, key from region_keys {mine}",
        "ties": f"""select rule_rank, l.known_no, m.known_no, block from ties {mine}
                    join laid m on m.record_no = leader_no""",
        "shapes": f"""select s.* replace (m.known_no as cluster_no, l.known_no as record_no) from shapes s {mine}
                      join laid m on m.record_no = s.cluster_no""",
    }
    for table, query in statements.items():
        work.execute(f"insert into kept.{table} {query}")
    for table in ("region_keys", "labels", "contacts", "homes", "identifiers", "ties", "exact_clusters"):
        work.execute(f"drop table {table}")


def _label_records(work: duckdb.DuckDBPyConnection, laid: Numbers) -> None:
    """Table `labels` (record_no, component, key_hash, digest): a component by the lowest known_no of all that keys of
    weight connect."""
    ties = work.execute(
        """with common as (
               select key, min(record_no) as lowest from region_keys anti join worthless using (kind, value)
               group by key having count(*) > 1)
           select record_no, lowest from region_keys join common using (key)"""
    ).fetchnumpy()
    lowest = components(len(laid.known_no), ties["record_no"], ties["lowest"])
    write_table(
        work,
        "temp table labels",
        record_no=np.arange(len(lowest)),
        component=laid.known_no[lowest],
        key_hash=laid.key_hash,
        digest=laid.digest,
    )


def find_fresh(work: duckdb.DuckDBPyConnection, profiles: int) -> None:
    """Table `fresh` (cluster_no): the exact clusters to score, the region's and those of a name whose frequency
    changed; and the kept blocks of a network of so many profiles."""
    split = "(select *, split_part(email, '@', 1) as email_local from shapes)"
    work.execute("delete from kept.blocked using replaced where cluster_no = known_no")
    work.execute(
        f"""insert into kept.blocked
            select known_no, variant, key from ({blocks_of(split, profiles)}) join laid on record_no = cluster_no"""
    )
    counted = f"""
        select is_first, name_hash, sum(clusters)::bigint as clusters from (
            select is_first, name_hash, clusters from kept.name_counts
            union all select is_first, name_hash, -clusters from ({counted_names("outdated")})
            union all {counted_names("shapes")})
        group by all having sum(clusters) > 0"""
    work.execute(f"create temp table counted as {rated_names(counted)}")
    work.execute(
        """create temp table moved as
           (select * exclude (clusters) from counted except select * exclude (clusters) from kept.name_counts)
           union all
           (select * exclude (clusters) from kept.name_counts except select * exclude (clusters) from counted)"""
    )
    work.execute("delete from kept.name_counts")
    work.execute("insert into kept.name_counts from counted")
    work.execute(
        """create temp table fresh as
           select cluster_no from kept.shapes join laid on cluster_no = known_no
           union
           select cluster_no from kept.shapes
           where first_name_hash in (select name_hash from moved where is_first)
              or last_name_hash in (select name_hash from moved where not is_first)"""
    )
    work.execute("drop table counted; drop table moved; drop table shapes; drop table outdated")


def keep_scores(
    work: duckdb.DuckDBPyConnection,
    settings: dict[str, Any],
    decided: Decisions,
    least: float,
    odds: float,
    guard: Guard,
    numbers: Numbers,
) -> None:
    """Keep the judged scores of every pair with a fresh cluster; table `stirred` (cluster_no): the region's exact
    clusters, and those with a score that is gone or judged anew; closure reaches those with a new one from its fresh
    end."""
    work.execute("create temp table touched as from fresh union from replaced")
    _find_pairs(work, decided, numbers)
    weigh_candidates(work, _weighing(work, settings))
    score_candidates(work, least, odds)
    judge_scores(work, guard)
    outdated = "cluster_l in (from touched) or cluster_r in (from touched)"
    work.execute(
        f"""create temp table stirred as
            select distinct cluster_no from (
                select exact_no as cluster_no from kept.records semi join laid using (known_no)
                union all select unnest([cluster_l, cluster_r]) from kept.judged_scores where {outdated})"""
    )
    work.execute(f"delete from kept.judged_scores where {outdated}")
    variant = f"& {(1 << VARIANT_BITS) - 1}"
    work.execute(
        f"""insert into kept.judged_scores
            select (l.known_no << {VARIANT_BITS}) + (left_no {variant}),
                   (r.known_no << {VARIANT_BITS}) + (right_no {variant}),
                   probability, is_refused, l.known_no, r.known_no, record_l, record_r from judged_scores
            join involved l on l.cluster_no = cluster_l join involved r on r.cluster_no = cluster_r"""
    )
    for table in ("pairs", "involved", "profiles", "candidates", "weights", "scores", "judged_scores", "touched"):
        work.execute(f"drop table {table}")


def _weighing(work: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> str:
    """The statement that weighs pairs, kept from the night that had it written."""
    kept = work.execute("select weighing from kept.about").fetchall()[0][0]
    if kept is None:
        kept = weighing(settings)
        work.execute("update kept.about set weighing = ?", [kept])
    return kept


def _find_pairs(work: duckdb.DuckDBPyConnection, decided: Decisions, numbers: Numbers) -> None:
    """Tables `candidates` of a fresh cluster's profile and any other, `profiles` of theirs, counted in the order of
    their clusters' keys, and `involved` (cluster_no, known_no), what stands for which."""
    some = "kept.blocked"
    is_some = "select count(*) < (select count(*) from kept.shapes where variant = 0) from fresh"
    if work.execute(is_some).fetchall()[0][0]:
        work.execute("create temp table fresh_blocks as select b.* from kept.blocked b join fresh using (cluster_no)")
        some = "fresh_blocks"
    work.execute(f"create temp table pairs as {pairs_between(some, 'kept.blocked')}")
    pairs = columns(work, f"select left_no >> {VARIANT_BITS}, right_no >> {VARIANT_BITS} from pairs")
    involved = numbers.in_order(np.unique(np.concatenate(pairs)))
    write_table(work, "temp table involved", cluster_no=np.arange(len(involved)), known_no=involved)
    read_shapes(work, pairs, decided)
    shapes = """(select s.* replace (i.cluster_no as cluster_no) from near_shapes s
                 join involved i on i.known_no = s.cluster_no)"""
    work.execute(f"create temp table profiles as {finished(shapes, 'kept.')}")
    numbered = f"""select (i.cluster_no << {VARIANT_BITS}) + (left_no & {(1 << VARIANT_BITS) - 1}) as one_no,
                          (j.cluster_no << {VARIANT_BITS}) + (right_no & {(1 << VARIANT_BITS) - 1}) as other_no
                   from pairs join involved i on i.known_no = left_no >> {VARIANT_BITS}
                   join involved j on j.known_no = right_no >> {VARIANT_BITS}"""
    work.execute(
        f"""create temp table candidates as
            select least(one_no, other_no) as left_no, greatest(one_no, other_no) as right_no from ({numbered})"""
    )
    work.execute("drop table if exists fresh_blocks")
