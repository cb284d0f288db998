"""What each candidate pair weighs as evidence: Splink's sum of log2 Bayes factors.

A weight depends on the two profiles' values and on the model alone. Not on the prior, which is added when weights
become probabilities; and the frequencies of names stand in the profiles, rounded to powers of two, so that a day's new
records change few of them. So a weight found one night holds the next, and a night scores the pairs that are new.
"""

import json
import logging
import re
from functools import lru_cache
from typing import Any

import duckdb

from dagster_project.identity.profiles import COLUMNS

# Even odds: the weight is then the evidence and nothing else.
_NO_PRIOR = 0.5


def link(con: duckdb.DuckDBPyConnection, settings: dict[str, Any], table: str = "profiles") -> Any:
    """Splink's linker over a table of profiles on this connection."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(table), SettingsCreator.from_path_or_dict(settings), validate_settings=False)
    logging.getLogger("splink").setLevel(logging.ERROR)
    return linker


def weighing(settings: dict[str, Any]) -> str:
    """The SQL by which Splink weighs pairs under a model: profile_no_l, profile_no_r, match_weight of each row of
    `blocked_pairs` (join_key_l, join_key_r, match_key), from `profiles`.

    Splink writes it, over tables without rows; it is then as good for any. Writing it takes longer than a day's pairs.
    """
    return _written(json.dumps(settings))


@lru_cache(maxsize=8)
def _written(settings: str) -> str:
    from sqlglot import exp, parse_one

    with duckdb.connect() as con:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        con.execute(f"create table profiles (profile_no bigint, {columns})")
        con.execute("create table blocked_pairs (join_key_l bigint, join_key_r bigint, match_key varchar)")
        linker = link(con, json.loads(settings) | {"probability_two_random_records_match": _NO_PRIOR})
        linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("blocked_pairs"))
        written = linker.inference.predict().sql_used_to_create
    tree = parse_one(written, dialect="duckdb")
    defined = {part.alias for part in tree.find_all(exp.CTE)} | {"blocked_pairs"}
    for copied in {table.name for table in tree.find_all(exp.Table)} - defined:
        written = re.sub(rf"\b{copied}\b", "profiles", written)
    return written


def weigh_candidates(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Table `weights`: left_no, right_no, weight of each pair of `candidates`, by a statement of `weighing`; needs
    `profiles`."""
    con.execute(
        """create or replace temp view blocked_pairs as
           select left_no as join_key_l, right_no as join_key_r, '0' as match_key from candidates"""
    )
    con.execute(
        f"""create temp table weights as
            select profile_no_l as left_no, profile_no_r as right_no, match_weight as weight from ({statement})"""
    )
    con.execute("drop view blocked_pairs")


def score_candidates(con: duckdb.DuckDBPyConnection, least: float, prior_probability: float) -> None:
    """Table `scores`: left_no, right_no, probability of each pair of `weights` that reaches `least`.

    `prior_probability` is that of model.prior.
    """
    con.execute(
        """create temp table scores as
           select left_no, right_no, round(probability, 6) as probability from (
               select left_no, right_no, 1 / (1 + pow(2, -weight) * (1 - $prior) / $prior) as probability from weights)
           where probability >= $least""",
        {"prior": prior_probability, "least": least},
    )
