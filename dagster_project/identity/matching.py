"""Who is who: exact rules, then probabilities, then closure, under the guard and the steward's word."""

from pathlib import Path

import duckdb

from dagster_project.identity.candidates import find_candidates
from dagster_project.identity.cluster import find_clusters, find_exact_clusters
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.guard import Guard, judge_scores
from dagster_project.identity.match import find_ties
from dagster_project.identity.model import Model, prior
from dagster_project.identity.profiles import build_profiles
from dagster_project.identity.weights import score_candidates, weigh_candidates
from dagster_project.network_sections import IdentitySection


def match(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    limits: IdentitySection,
    decisions: Decisions,
    memo: Path | None = None,
) -> None:
    """Tables `clusters`, `edges`, `judged_scores` and `profiles` from `records` and `observed`.

    `memo` is where weights of pairs are kept from night to night (see weigh_candidates).
    """
    find_ties(con)
    find_exact_clusters(con, decisions)
    build_profiles(con)
    profiles = con.execute("select count(*) from profiles").fetchall()[0][0]
    find_candidates(con, profiles)
    least = min(limits.review_probability, limits.auto_merge_probability)
    weigh_candidates(con, model.settings, memo)
    score_candidates(con, least, prior(profiles, model.duplicates))
    guard = Guard(model.twins, model.namesakes, model.families, model.households)
    judge_scores(con, guard)
    find_clusters(con, decisions, limits.auto_merge_probability, guard)
