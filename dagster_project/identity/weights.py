"""What each candidate pair weighs as evidence: Splink's sum of log2 Bayes factors, asked once for each pair.

A weight depends on the two profiles' values and on the model alone. Not on the prior, which is added when weights
become probabilities; and the frequencies of names stand in the profiles, rounded to powers of two, so that a day's new
records change few of them. So a weight found one night holds the next, and a night scores the pairs that are new.
"""

import json
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.identity.profiles import COLUMNS
from dagster_project.lake_file import write_lake_file

# Even odds: the weight is then the evidence and nothing else.
_NO_PRIOR = 0.5


def link(con: duckdb.DuckDBPyConnection, settings: dict[str, Any], table: str = "profiles") -> Any:
    """Splink's linker over a table of profiles on this connection."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(table), SettingsCreator.from_path_or_dict(settings))
    logging.getLogger("splink").setLevel(logging.ERROR)
    return linker


def weigh_candidates(con: duckdb.DuckDBPyConnection, settings: dict[str, Any], memo: Path | None = None) -> None:
    """Table `weights`: left_no, right_no, weight of each pair of `candidates`; needs `profiles`.

    `memo` is a Parquet file with the weights of the night before (pair, weight), where `pair` is a hash of both
    profiles' values and of the model; it is replaced by this night's. Without it, or where it is missing, every pair is
    scored. A cache of 64-bit keys: of ten million pairs two share one with a chance of three in a million.
    """
    model = json.dumps([settings, version("splink"), duckdb.__version__], sort_keys=True)
    con.execute(
        f"""create temp table faces as
            select profile_no, hash($model, {", ".join(COLUMNS)}) as face from profiles
            where profile_no in (select left_no from candidates union all select right_no from candidates)""",
        {"model": model},
    )
    con.execute("create temp table remembered (pair ubigint, weight double)")
    if memo is not None and memo.is_file():
        con.execute("insert into remembered select pair, weight from read_parquet(?)", [str(memo)])
    con.execute(
        """create temp table weighed as
           select left_no, right_no, pair, weight from (
               select c.left_no, c.right_no, hash(l.face, r.face) as pair
               from candidates c join faces l on l.profile_no = c.left_no join faces r on r.profile_no = c.right_no)
           left join remembered using (pair)"""
    )
    con.execute("create temp table unweighed as select left_no, right_no from weighed where weight is null")
    new = con.execute("select count(*) from unweighed").fetchall()[0][0]
    if new:
        _ask_splink(con, settings)
    con.execute(
        f"""create temp table weights as
            select left_no, right_no, {"coalesce(w.weight, n.weight) as weight" if new else "weight"} from weighed w
            {"left join new_weights n using (left_no, right_no)" if new else ""}"""
    )
    if memo is not None and (new or not _holds_all(con)):
        source = (
            "weighed" if not new else "(select pair, x.weight from weighed join weights x using (left_no, right_no))"
        )
        write_lake_file(
            con.execute(f"select pair, any_value(weight) as weight from {source} group by pair").to_arrow_table(), memo
        )
    for table in ("faces", "remembered", "weighed", "unweighed", "new_weights"):
        con.execute(f"drop table if exists {table}")


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


def _holds_all(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether what is remembered is what was asked, and nothing beside."""
    query = "select (select count(*) from remembered) = (select count(distinct pair) from weighed)"
    return con.execute(query).fetchall()[0][0]


def _ask_splink(con: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> None:
    """Table `new_weights`: left_no, right_no, weight of each pair of `unweighed`."""
    con.execute(
        """create temp table compared as select * from profiles
           where profile_no in (select left_no from unweighed union all select right_no from unweighed)"""
    )
    con.execute(
        """create or replace temp table blocked_pairs as
           select left_no as join_key_l, right_no as join_key_r, '0' as match_key from unweighed"""
    )
    linker = link(con, settings | {"probability_two_random_records_match": _NO_PRIOR}, "compared")
    linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("blocked_pairs"))
    found = linker.inference.predict()
    con.execute(
        f"""create temp table new_weights as
            select profile_no_l as left_no, profile_no_r as right_no, match_weight as weight
            from {found.physical_name}"""
    )
    linker._db_api.delete_tables_created_by_splink_from_db()
    con.execute("drop table blocked_pairs; drop table compared")
