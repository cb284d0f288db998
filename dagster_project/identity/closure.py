"""Closes the scores anew, component by component, where any score, profile or exact cluster of one changed."""

import duckdb
import numpy as np

from dagster_project.identity.arrays import columns, write_table
from dagster_project.identity.cluster import find_clusters
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.guard import Guard
from dagster_project.identity.numbering import Numbers
from dagster_project.identity.profiles import VARIANT_BITS, guarded
from dagster_project.identity.reach import clusters_of, decided_ties, reached_from, scored_ties


def close_scores(
    work: duckdb.DuckDBPyConnection, decided: Decisions, least: float, guard: Guard, numbers: Numbers
) -> None:
    """Keep the clusters and edges of `stirred` (cluster_no), and of all whom scores or decisions connect with one of
    these or with a `fresh` cluster.

    `decided` is by known_no.
    """
    _choose(work, decided, least)
    variant = f"& {(1 << VARIANT_BITS) - 1}"
    members = columns(work, "select known_no from kept.records semi join chosen on cluster_no = exact_no")[0]
    closed = numbers.in_order(members)
    write_table(work, "temp table closed", record_no=np.arange(len(closed)), known_no=closed)
    work.execute(
        """create temp table exact_clusters as
           select c.record_no, m.record_no as cluster_no
           from closed c join kept.records using (known_no) join closed m on m.known_no = exact_no"""
    )
    work.execute(
        """create temp table ties as
           select t.rule_rank, c.record_no, t.block from kept.ties t join closed c using (known_no)"""
    )
    work.execute(
        f"""create temp table judged_scores as
            select (l.record_no << {VARIANT_BITS}) + (left_no {variant}) as left_no,
                   (r.record_no << {VARIANT_BITS}) + (right_no {variant}) as right_no, probability, is_refused,
                   l.record_no as cluster_l, r.record_no as cluster_r, record_l, record_r
            from kept.judged_scores join closed l on l.known_no = cluster_l join closed r on r.known_no = cluster_r"""
    )
    shapes = """(select s.* replace (c.record_no as cluster_no) from near_shapes s
                 join closed c on c.known_no = s.cluster_no where s.cluster_no in (select node from nodes))"""
    work.execute(f"create temp table profiles as {guarded(shapes, 'kept.')}")
    work.execute("create or replace temp view records as from closed")
    find_clusters(work, decided.among(work, "closed"), least, guard)
    work.execute("delete from kept.clusters where known_no in (from replaced union all select known_no from closed)")
    work.execute("delete from kept.edges where cluster_l in (from chosen union all from replaced)")
    work.execute(
        """insert into kept.clusters
           select c.known_no, m.known_no, match_rule, match_probability
           from clusters join closed c using (record_no) join closed m on m.record_no = cluster_no"""
    )
    work.execute(
        f"""insert into kept.edges
            select l.known_no, r.known_no, probability, record_l, record_r,
                   (l.known_no << {VARIANT_BITS}) + (left_no {variant}),
                   (r.known_no << {VARIANT_BITS}) + (right_no {variant}), is_taken
            from edges join closed l on l.record_no = cluster_l join closed r on r.record_no = cluster_r"""
    )


def _choose(work: duckdb.DuckDBPyConnection, decided: Decisions, least: float) -> None:
    """Tables `chosen` (cluster_no), the exact clusters to close anew, and `nodes` (node), those with any tie."""
    stirred = clusters_of(work, "stirred")
    scored = scored_ties(work, f"not is_refused and probability >= {least}")
    seeds = np.concatenate([stirred, clusters_of(work, "fresh")])
    nodes = reached_from(seeds, scored, decided_ties(work, decided))
    write_table(work, "temp table chosen", cluster_no=np.union1d(stirred, nodes))
    write_table(work, "temp table nodes", node=nodes)
