"""Clusters: the connected components of the ties (transitive closure), under what must stay apart.

Most components hold nobody who must stay apart and are taken whole. In the others ties are taken in the
order of their strength, and one that would bring two such together is left out (Kruskal's algorithm with
forbidden pairs), so that a cluster is cut where it is weakest and the order of rows decides nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dagster_project.identity.decisions import Decisions
from dagster_project.identity.guard import STRICT, Guard, find_conflicts
from dagster_project.identity.match import RULES

DECISION, SPLINK, SINGLE = "decision", "splink", "single"
MATCH_RULES = (*RULES, DECISION, SPLINK, SINGLE)
Pair = tuple[int, int]
# Strongest rule first; then whose own names agree, both before one (a first name that was taken over is none of their
# own), and two who share more rules before two who share fewer.
TIES_OF_TORN = """
    select a.record_no, b.record_no
    from ties a join ties b using (rule_rank, block)
    join names l on l.record_no = a.record_no join names r on r.record_no = b.record_no
    where a.record_no < b.record_no and a.record_no in (select record_no from torn)
    group by all
    order by min(rule_rank),
             max((l.class = l.first_key and r.class = r.first_key and l.class = r.class and l.class <> '')::int
                 + (l.last_key = r.last_key and l.last_key <> '')::int) desc,
             count(distinct rule_rank) desc, 1, 2"""
VAGUE = """select distinct cluster_no from profiles join components using (cluster_no)
           where coalesce(length(first_name), 0) < 2 or coalesce(length(last_name), 0) < 2"""


def find_exact_clusters(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Table `exact_clusters`: record_no, cluster_no (its lowest record_no), from `ties` and `names`; decided cuts
    hold."""
    count = con.execute("select count(*) from records").fetchall()[0][0]
    edges = con.execute("select record_no, leader_no from ties").fetchnumpy()
    lowest = components(count, edges["record_no"], edges["leader_no"])
    cut = [pair for pair in decisions.apart if lowest[pair[0]] == lowest[pair[1]]]
    for component in sorted({int(lowest[left]) for left, _ in cut}):
        con.register("torn", pa.table({"record_no": np.flatnonzero(lowest == component)}))
        ties = con.execute(TIES_OF_TORN).fetchall()
        con.unregister("torn")
        members = np.flatnonzero(lowest == component).tolist()
        for record_no, cluster_no in grow(members, ties, decisions.apart, decisions.together).items():
            lowest[record_no] = cluster_no
    con.register("found", pa.table({"record_no": np.arange(count), "cluster_no": lowest}))
    con.execute("create temp table exact_clusters as select * from found")
    con.unregister("found")


def find_clusters(con: duckdb.DuckDBPyConnection, decisions: Decisions, least: float, guard: Guard = STRICT) -> None:
    """Tables `clusters` (record_no, cluster_no, match_rule, match_probability) and `edges`.

    `cluster_no` is the lowest record_no. `edges` (record_l, record_r, left_no, right_no, probability, is_taken) are the
    best scores of two clusters, of at least `least`, that the guard allows; those not taken would have closed over two
    people. Needs `exact_clusters`, `ties`, `judged_scores` and `profiles`.
    """
    exact = con.execute("select cluster_no from exact_clusters order by record_no").fetchnumpy()["cluster_no"]
    best = ", ".join(
        f"arg_max({name}, (probability, -left_no, -right_no)) as {name}"
        for name in ("record_l", "record_r", "left_no", "right_no")
    )
    scored = con.execute(
        f"""select cluster_l, cluster_r, max(probability) as probability, {best}
            from judged_scores where not is_refused and probability >= {least}
            group by all order by probability desc, cluster_l, cluster_r"""
    ).fetchnumpy()
    together = [(int(exact[left]), int(exact[right])) for left, right in decisions.together]
    apart = {_ordered(int(exact[left]), int(exact[right])) for left, right in decisions.apart}
    lefts = np.concatenate([scored["cluster_l"], np.array([p[0] for p in together], dtype=np.int64)])
    rights = np.concatenate([scored["cluster_r"], np.array([p[1] for p in together], dtype=np.int64)])
    joined = components(len(exact), lefts, rights)
    joined = joined[exact] if len(exact) else joined

    nodes = np.unique(np.concatenate([lefts, rights]))
    con.register("found", pa.table({"cluster_no": nodes, "component": joined[nodes]}))
    con.execute("create or replace temp table components as select * from found")
    con.unregister("found")
    conflicts = {*find_conflicts(con, guard)} | apart
    vague = {row[0] for row in con.execute(VAGUE).fetchall()}
    torn = {int(joined[left]) for left, right in conflicts if joined[left] == joined[right]}
    taken = np.ones(len(scored["cluster_l"]), dtype=bool)
    if torn:
        is_torn = np.isin(joined[scored["cluster_l"]], list(torn)) if len(taken) else taken
        ties = list(zip(scored["cluster_l"][is_torn].tolist(), scored["cluster_r"][is_torn].tolist(), strict=True))
        ties = _without_guesses(ties, conflicts, vague)
        members = nodes[np.isin(joined[nodes], list(torn))].tolist()
        grown = grow(members, ties, apart, together, conflicts)
        both = zip(scored["cluster_l"][is_torn].tolist(), scored["cluster_r"][is_torn].tolist(), strict=True)
        taken[is_torn] = [grown[left] == grown[right] for left, right in both]
        final = np.full(len(exact), -1)
        final[members] = [grown[node] for node in members]
        joined = np.where(final[exact] < 0, joined, final[exact])
    _write(con, exact, joined, scored, taken, decisions)


def grow(
    members: Iterable[int], ties: list[Pair], apart: Iterable[Pair], decided: list[Pair], guarded: Iterable[Pair] = ()
) -> dict[int, int]:
    """Member -> the lowest member of its cluster.

    `decided` ties come first and yield to `apart` only; `ties` are taken in order unless they would join a pair of
    `apart` or `guarded`.
    """
    own = {member: member for member in members}
    groups = {member: {member} for member in own}

    def join(pairs: list[Pair], enemies: dict[int, set[int]]) -> None:
        for left, right in pairs:
            if left not in own or right not in own or own[left] == own[right]:
                continue
            one, other = sorted((own[left], own[right]))
            smaller, larger = sorted((groups[one], groups[other]), key=len)
            if any(not enemies[member].isdisjoint(larger) for member in smaller):
                continue
            for member in groups[other]:
                own[member] = one
            groups[one] |= groups.pop(other)

    join(decided, _enemies(apart))
    join(ties, _enemies([*apart, *guarded]))
    return own


def _enemies(pairs: Iterable[Pair]) -> dict[int, set[int]]:
    enemies: dict[int, set[int]] = defaultdict(set)
    for left, right in pairs:
        enemies[left].add(right)
        enemies[right].add(left)
    return enemies


def _without_guesses(ties: list[Pair], apart: set[Pair], vague: set[int]) -> list[Pair]:
    """The ties, without those of a nameless one between two who are apart: whose it is would be a guess."""
    around: dict[int, set[int]] = defaultdict(set)
    for left, right in ties:
        around[left].add(right)
        around[right].add(left)
    torn = {node for node in vague for pair in combinations(sorted(around[node]), 2) if pair in apart}
    return [(left, right) for left, right in ties if left not in torn and right not in torn]


def _write(con, exact, joined, scored, taken, decisions: Decisions) -> None:
    con.register("found", pa.table({"record_no": np.arange(len(exact)), "cluster_no": joined}))
    con.register(
        "scored",
        pa.table({**scored, "is_taken": taken}),
    )
    decided = sorted({record for pair in decisions.together for record in pair if joined[pair[0]] == joined[pair[1]]})
    con.register("named", pa.table({"record_no": pa.array(decided, pa.int64())}))
    names = ", ".join(f"'{rule}'" for rule in RULES)
    con.execute("create temp table edges as select * from scored")
    con.execute(
        f"""create temp table clusters as
            with tied as (
                select record_no, min(rule_rank) as rank from (
                    select record_no, rule_rank from ties join found using (record_no)
                    qualify count(*) over (partition by rule_rank, block, cluster_no) > 1)
                group by 1),
            linked as (
                select cluster_no as exact_no, max(probability) as probability from (
                    select cluster_l as cluster_no, probability from edges where is_taken
                    union all select cluster_r, probability from edges where is_taken)
                group by 1)
            select f.record_no, f.cluster_no,
                   case when d.record_no is not null then '{DECISION}'
                        when t.rank is not null then [{names}][t.rank + 1]
                        when k.exact_no is not null then '{SPLINK}' else '{SINGLE}' end as match_rule,
                   case when d.record_no is null and t.rank is null then coalesce(k.probability, 1) else 1 end::double
                       as match_probability
            from found f join exact_clusters e using (record_no)
            left join tied t using (record_no) left join linked k on k.exact_no = e.cluster_no
            left join named d using (record_no)"""
    )
    for table in ("found", "scored", "named"):
        con.unregister(table)


def components(count: int, lefts: np.ndarray, rights: np.ndarray) -> np.ndarray:
    """Per node the lowest node it is connected with."""
    graph = coo_array(
        (np.ones(len(lefts), dtype=np.int8), (np.asarray(lefts), np.asarray(rights))), shape=(count, count)
    )
    labels = connected_components(graph, directed=False)[1] if count else np.empty(0, dtype=np.int32)
    lowest = np.full(count, count, dtype=np.int64)
    np.minimum.at(lowest, labels, np.arange(count))
    return lowest[labels]


def _ordered(left: int, right: int) -> Pair:
    return (left, right) if left < right else (right, left)
