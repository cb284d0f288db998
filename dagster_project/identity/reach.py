"""Which exact clusters scores and decisions connect, directly or over others."""

import duckdb
import numpy as np

from dagster_project.identity.arrays import columns, write_table
from dagster_project.identity.cluster import components
from dagster_project.identity.decisions import Decisions

# Left and right ends of ties, two arrays.
Ends = tuple[np.ndarray, ...]


def reached_from(seeds: np.ndarray, *ties: Ends) -> np.ndarray:
    """The nodes of `ties` (arrays of left and of right ends) that a chain of them connects with one of `seeds`."""
    lefts, rights = (np.concatenate(ends) for ends in zip(*ties, strict=True))
    nodes, ends = np.unique(np.concatenate([lefts, rights]), return_inverse=True)
    lowest = components(len(nodes), ends[: len(lefts)], ends[len(lefts) :])
    return nodes[np.isin(lowest, lowest[np.isin(nodes, seeds)])]


def clusters_of(work: duckdb.DuckDBPyConnection, table: str) -> np.ndarray:
    """The `cluster_no` of every row of `table`."""
    return columns(work, f"select cluster_no from {table}")[0]


def scored_ties(work: duckdb.DuckDBPyConnection, where: str = "true") -> Ends:
    """The exact clusters of kept scores."""
    return columns(work, f"select cluster_l, cluster_r from kept.judged_scores where {where}")


def decided_ties(work: duckdb.DuckDBPyConnection, decided: Decisions) -> Ends:
    """The exact clusters that a steward tied; `decided` is by known_no."""
    together = np.array(decided.together, dtype=np.int64).reshape(-1, 2)
    write_table(work, "temp table joined", one=together[:, 0], other=together[:, 1])
    return columns(
        work,
        """select a.exact_no, b.exact_no from joined
           join kept.records a on a.known_no = one join kept.records b on b.known_no = other""",
    )


def read_shapes(work: duckdb.DuckDBPyConnection, pairs: Ends, decided: Decisions) -> None:
    """Table `near_shapes`: in one reading, kept.shapes of all clusters that `pairs`, scores of last night or decisions
    connect with one of `touched` (cluster_no). What is compared tonight, and what is closed anew, is among them."""
    near = reached_from(clusters_of(work, "touched"), pairs, scored_ties(work), decided_ties(work, decided))
    write_table(work, "temp table near", cluster_no=near)
    work.execute("create temp table near_shapes as select s.* from kept.shapes s join near using (cluster_no)")
