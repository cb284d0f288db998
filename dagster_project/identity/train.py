"""Training: what each agreement is worth, learnt from data, with what is known beforehand where data are silent."""

import math
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.identity.guard import (
    DATES_CLASH,
    FIRST_AGREES,
    LASTS_CLASH,
    NAMES_CLASH,
    SAME_BIRTH,
    SAME_HOUSE,
    SAME_LAST,
    SIDES,
    Guard,
)
from dagster_project.identity.match import find_ties
from dagster_project.identity.model import (
    DUPLICATES,
    SHIPPED,
    Model,
    prior,
    save_model,
    with_weights,
)
from dagster_project.identity.profiles import build_profiles
from dagster_project.identity.synthetic import write_people
from dagster_project.identity.weights import link, score_candidates, weigh_candidates, weighing

# What is known beforehand: m, u per level, set by hand from judgement and arithmetic on how common
# names, numbers and births are. The rest to one is `different`.
PRIORS: dict[str, dict[str, tuple[float, float]]] = {
    "first_name": {"same": (0.68, 0.008), "nickname": (0.14, 0.002), "initial": (0.03, 0.01), "alike": (0.09, 0.004),
                   "swapped": (0.01, 0.0000005)},
    "last_name": {"same": (0.85, 0.004), "alike": (0.08, 0.002), "contained": (0.01, 0.002),
                  "remotely alike": (0.01, 0.01)},
    "email": {"same": (0.55, 0.00002), "domain mistyped": (0.03, 0.000005), "mistyped": (0.06, 0.00001),
              "same name elsewhere": (0.06, 0.0001)},
    "phone": {"same": (0.70, 0.00003), "mistyped": (0.04, 0.02)},
    "birth_date": {"same": (0.88, 0.00006), "day and month swapped": (0.02, 0.00003), "mistyped": (0.05, 0.0006),
                   "year only": (0.01, 0.0001), "mistyped twice": (0.015, 0.012)},
    "home": {"same": (0.52, 0.00002), "nearly the same": (0.14, 0.00003), "alike": (0.04, 0.0001),
             "same postal code": (0.10, 0.015), "same place": (0.08, 0.08)},
    "card": {"one in common": (0.35, 0.01)},
}  # fmt: skip
SAMPLED_PAIRS = 2e6
SEED = 20240101
DEFAULT_RECORDS = 40_000
# One birth in thirty is a twin; fewer sons bear a name their father bears at the same address.
SHARE_OF_RELATIVES = 0.05
LEAST_PAIRS = 200
# Each in turn fixes the agreement it blocks on, and lets the others be learnt.
BLOCKED_ON = (("email",), ("phone",), ("birth_date",), ("first_name", "last_name"), ("last_name", "postal_code"))


def prior_weights() -> dict[str, dict[str, tuple[float, float]]]:
    """PRIORS with `different` filled in."""
    filled = {}
    for comparison, levels in PRIORS.items():
        rest = tuple(1 - sum(weights[side] for weights in levels.values()) for side in (0, 1))
        filled[comparison] = levels | {"different": rest}
    return filled


def train(con: duckdb.DuckDBPyConnection, labels: str | None = None) -> dict[str, Any]:
    """Settings with weights learnt from table `profiles`.

    u from random pairs; m by expectation maximisation (Dempster, Laird & Rubin 1977; Winkler 2000), or counted
    where `labels` names a column that says whose each profile truly is. What the data never show keeps its prior.
    """
    from splink import block_on

    con.execute("set enable_progress_bar = false")
    settings = with_weights(prior_weights())
    linker = link(con, settings | {"max_iterations": 50})
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED)
    if labels:
        linker.training.estimate_m_from_label_column(labels)
    else:
        for columns in BLOCKED_ON:
            shared = con.execute(
                f"select count(*) from (select 1 from profiles where {' || '.join(columns)} is not null "
                f"group by {', '.join(columns)} having count(*) > 1)"
            ).fetchall()[0][0]
            if shared >= 20:
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    learnt = linker.misc.save_model_to_json()
    linker._db_api.delete_tables_created_by_splink_from_db()
    return with_weights(_blended(learnt))


def train_model(con: duckdb.DuckDBPyConnection, profiles: int) -> Model:
    """A model of this network. Needs `profiles` of single records, as if no rule had joined any, and `candidates`."""
    settings = train(con)
    guard = learn_guard(con)
    return Model(
        settings,
        count_duplicates(con, settings, profiles),
        guard.twins,
        guard.namesakes,
        guard.families,
        guard.households,
    )


def train_default(folder: Path = SHIPPED) -> None:
    """Write the model that ships: counted on made-up people whose truth is known, blended with what is known beforehand
    (the geometric mean of the two), so that it leans on neither."""
    with duckdb.connect() as con:
        write_people(con, DEFAULT_RECORDS)
        find_ties(con)
        con.execute("create temp table exact_clusters as select record_no, record_no as cluster_no from records")
        build_profiles(con)
        con.execute("create temp table labelled as select p.*, t.person from profiles p join truth t using (record_no)")
        con.execute("drop table profiles")
        con.execute("alter table labelled rename to profiles")
        counted = {
            comparison["output_column_name"]: {
                level["label_for_charts"]: (level["m_probability"], level["u_probability"])
                for level in comparison["comparison_levels"][1:]
            }
            for comparison in train(con, labels="person")["comparisons"]
        }
    known = prior_weights()
    blended = {
        comparison: {
            label: tuple(math.sqrt(a * b) for a, b in zip(pair, known[comparison][label], strict=True))
            for label, pair in levels.items()
        }
        for comparison, levels in counted.items()
    }
    save_model(folder, Model(with_weights(blended)), f"{DEFAULT_RECORDS} made-up records, seed {SEED}, and priors")


def learn_guard(con: duckdb.DuckDBPyConnection) -> Guard:
    """How strict the household guard may be: looser where profiles that agree in all but the given name (or all but the
    birth date) are more than there are twins (or namesakes). Needs `profiles` and `candidates`."""
    names, twins, dates, namesakes, lasts, families, neighbours, housemates = con.execute(
        f"""with close as (
                select {SAME_LAST} as same_last, {SAME_BIRTH} as same_birth,
                       coalesce({FIRST_AGREES}, false) as same_first,
                       {NAMES_CLASH} as names_clash, {DATES_CLASH} as dates_clash, {LASTS_CLASH} as lasts_clash
                from (select {SIDES} from candidates c join profiles l on l.profile_no = c.left_no
                      join profiles r on r.profile_no = c.right_no)
                where {SAME_HOUSE} and birth_date_l is not null and birth_date_r is not null)
            select count(*) filter (same_last and same_birth),
                   count(*) filter (same_last and same_birth and names_clash),
                   count(*) filter (same_last and same_first),
                   count(*) filter (same_last and same_first and dates_clash),
                   count(*) filter (same_first and same_birth),
                   count(*) filter (same_first and same_birth and lasts_clash),
                   count(*) filter (same_last), count(*) filter (same_last and names_clash and dates_clash)
            from close"""
    ).fetchall()[0]
    return Guard(
        twins=not _is_common(twins, names),
        namesakes=not _is_common(namesakes, dates),
        families=not _is_common(families, lasts),
        households=neighbours < LEAST_PAIRS or housemates > SHARE_OF_RELATIVES * neighbours,
    )


def count_duplicates(con: duckdb.DuckDBPyConnection, settings: dict[str, Any], profiles: int) -> float:
    """How many pairs of one person there are for each profile: the candidates' probabilities summed, twice over."""
    duplicates = DUPLICATES
    weigh_candidates(con, weighing(settings))
    for _ in range(2):
        score_candidates(con, 0.01, prior(profiles, duplicates))
        duplicates = (con.execute("select sum(probability) from scores").fetchall()[0][0] or 0) / max(profiles, 1)
        con.execute("drop table scores")
    con.execute("drop table weights")
    return max(duplicates, 0.01)


def _is_common(conflicting: int, agreeing: int) -> bool:
    return agreeing >= LEAST_PAIRS and conflicting > SHARE_OF_RELATIVES * agreeing


def _blended(learnt: dict[str, Any]) -> dict[str, dict[str, tuple[float, float]]]:
    weights = prior_weights()
    for comparison in learnt["comparisons"]:
        known = weights[comparison["output_column_name"]]
        for level in comparison["comparison_levels"]:
            label = level["label_for_charts"]
            if label in known:
                m, u = known[label]
                known[label] = (_usable(level.get("m_probability"), m), _usable(level.get("u_probability"), u))
    return weights


def _usable(learnt: float | None, known: float) -> float:
    return learnt if learnt and learnt > 1e-9 else known


if __name__ == "__main__":
    train_default()
