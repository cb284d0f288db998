"""What each candidate pair weighs as evidence: Splink's sum of log2 Bayes factors.

A weight depends on the two profiles' values and on the model alone. Not on the prior, which is added when weights
become probabilities; and the frequencies of names stand in the profiles, rounded to powers of two, so that a day's new
records change few of them. So a weight found one night holds the next, and a night scores the pairs that are new.
"""

import logging
from typing import Any

import duckdb

# Even odds: the weight is then the evidence and nothing else.
_NO_PRIOR = 0.5


def link(con: duckdb.DuckDBPyConnection, settings: dict[str, Any], table: str = "profiles") -> Any:
    """Splink's linker over a table of profiles on this connection."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(table), SettingsCreator.from_path_or_dict(settings))
    logging.getLogger("splink").setLevel(logging.ERROR)
    return linker


def weigh_candidates(con: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> None:
    """Table `weights`: left_no, right_no, weight of each pair of `candidates`; needs `profiles`."""
    con.execute("create temp table weights (left_no bigint, right_no bigint, weight double)")
    if con.execute("select count(*) from candidates").fetchall()[0][0] == 0:
        return
    con.execute(
        """create temp table compared as select * from profiles
           where profile_no in (select left_no from candidates union all select right_no from candidates)"""
    )
    con.execute(
        """create or replace temp table blocked_pairs as
           select left_no as join_key_l, right_no as join_key_r, '0' as match_key from candidates"""
    )
    linker = link(con, settings | {"probability_two_random_records_match": _NO_PRIOR}, "compared")
    linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("blocked_pairs"))
    found = linker.inference.predict()
    con.execute(
        f"""insert into weights
            select profile_no_l as left_no, profile_no_r as right_no, match_weight as weight
            from {found.physical_name}"""
    )
    linker._db_api.delete_tables_created_by_splink_from_db()
    con.execute("drop table blocked_pairs; drop table compared")


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
