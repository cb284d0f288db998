"""The household guard: what keeps two people apart, however much they share.

People at one address with one phone differ in their given names, or in their birth dates. A score cannot see
that all they share is one household, so the guard is a veto. It holds over closure too: no chain of
matches brings together two whom it keeps apart.
"""

from dataclasses import dataclass

import duckdb

from dagster_project.identity.model import ALIKE_FIRST, ALIKE_LAST, CONTAINED_LAST, IS_INITIAL, SAME_FORM, SWAPPED

FIRST_AGREES = f"(first_name_l = first_name_r or {SAME_FORM} or {IS_INITIAL} or ({ALIKE_FIRST}) or ({SWAPPED}))"
NAMES_CLASH = f"coalesce(not {FIRST_AGREES}, false)"
# A slip of the pen is no other date, and a year alone is not one.
DATES_CLASH = """coalesce(
        damerau_levenshtein(birth_date_l, birth_date_r) > 2
        and not (left(birth_date_l, 4) = left(birth_date_r, 4)
                 and (right(birth_date_l, 4) = '0101' or right(birth_date_r, 4) = '0101'
                      or substr(birth_date_l, 5, 2) = right(birth_date_r, 2))), false)"""
# Two family names on one phone are two people until an e-mail or a birth date says otherwise.
LASTS_CLASH = f"""coalesce(length(last_name_l) > 1 and length(last_name_r) > 1
        and not ({ALIKE_LAST} or ({CONTAINED_LAST}) or ({SWAPPED})), false)"""
SAME_BIRTH = "coalesce(birth_date_l = birth_date_r, false)"
ODD_NAME = """not (is_known_first_l and is_known_first_r)
    and jaro_winkler_similarity(first_name_l, first_name_r) >= 0.7"""
SAME_EMAIL = "coalesce(email_l = email_r, false)"
SAME_HOUSE = "coalesce(address_l = address_r or postal_code_l = postal_code_r, false)"
SAME_LAST = "coalesce(last_name_l = last_name_r, false)"


@dataclass(frozen=True)
class Guard:
    """How strict it is.

    `twins`: two given names under one birth date are two people. `namesakes`: so are two birth dates under one name in
    one house. `families`: so are two family names on one phone. A network whose records of one person differ more often
    than such people are born is told so by its own training, and one whose lists hold no `households` at all needs no
    guard. By default all hold.
    """

    twins: bool = True
    namesakes: bool = True
    families: bool = True
    households: bool = True

    @property
    def conflict(self) -> str:
        """SQL over _l and _r: whether two profiles are two people's."""
        if not self.households:
            return "false"
        odd_name = ODD_NAME if self.twins else "true"
        clashes = [f"{NAMES_CLASH} and not ({SAME_BIRTH} and {odd_name})"]
        if self.families:
            clashes.append(f"{LASTS_CLASH} and not ({SAME_BIRTH} or {SAME_EMAIL})")
        if self.namesakes:
            clashes.append(f"{DATES_CLASH} and not ({SAME_EMAIL} and coalesce({FIRST_AGREES}, false))")
        return " or ".join(f"({clash})" for clash in clashes)


STRICT = Guard()
COMPARED = ("first_name", "last_name", "first_forms", "is_known_first", "birth_date", "email", "address", "postal_code")
SIDES = ", ".join(f"{side}.{column} as {column}_{side}" for side in "lr" for column in COMPARED)


def judge_scores(con: duckdb.DuckDBPyConnection, guard: Guard = STRICT) -> None:
    """Table `judged_scores`: scores with the clusters and records they tie, and whether the guard refuses them."""
    con.execute(
        f"""create temp table judged_scores as
            select left_no, right_no, probability, {guard.conflict} as is_refused, cluster_l, cluster_r, record_l,
                   record_r
            from (select s.*, {SIDES}, l.cluster_no as cluster_l, r.cluster_no as cluster_r,
                         l.record_no as record_l, r.record_no as record_r
                  from scores s join profiles l on l.profile_no = s.left_no
                  join profiles r on r.profile_no = s.right_no)"""
    )


def find_conflicts(con: duckdb.DuckDBPyConnection, guard: Guard = STRICT) -> list[tuple[int, int]]:
    """Pairs of clusters (lower first) within one component of `components` that are two people.

    `components` has cluster_no, component; clusters conflict when all their profiles do.
    """
    return con.execute(
        f"""select cluster_l, cluster_r from (
                select l.cluster_no as cluster_l, r.cluster_no as cluster_r, {SIDES}
                from (select * from profiles join components using (cluster_no)) l
                join (select * from profiles join components using (cluster_no)) r
                  on l.component = r.component and l.cluster_no < r.cluster_no)
            group by all having bool_and({guard.conflict}) order by all"""
    ).fetchall()
