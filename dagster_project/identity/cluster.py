"""Clusters: the connected components of the ties (transitive closure).

Rules come here as edges, whatever found them: a probabilistic match or a steward's decision would add
edges or cut them before this step.
"""

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dagster_project.identity.match import RULES


def find_clusters(con: duckdb.DuckDBPyConnection) -> None:
    """Table `clusters`: record_no, cluster_no (its lowest record_no), match_rule (the record's strongest)."""
    count = con.execute("select count(*) from records").fetchall()[0][0]
    edges = con.execute("select record_no, leader_no from ties").fetchnumpy()
    members, leaders = np.asarray(edges["record_no"]), np.asarray(edges["leader_no"])
    graph = coo_array((np.ones(len(members), dtype=np.int8), (members, leaders)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1] if count else np.empty(0, dtype=np.int32)
    lowest = np.full(count, count, dtype=np.int64)
    np.minimum.at(lowest, labels, np.arange(count))
    con.register("found", pa.table({"record_no": np.arange(count), "cluster_no": lowest[labels]}))
    names = ", ".join(f"'{rule}'" for rule in RULES)
    con.execute(
        f"""create temp table clusters as
            select f.record_no, f.cluster_no, coalesce([{names}][t.rank + 1], 'single') as match_rule
            from found f
            left join (select record_no, min(rule_rank) as rank from ties group by record_no) t using (record_no)"""
    )
    con.unregister("found")
