"""What holds a customer's records together: every link with its weight in bits.

A weight is what the model of Fellegi and Sunter (1969) says of two records: the odds before, and what every comparison
adds, in bits (log2 of the Bayes factor). Two records an exact rule ties are weighed as they stand. A score is of two
groups of such records, and is told as the night reckoned it, with the records that carry each part.
"""

from dataclasses import dataclass, field
from itertools import product
from math import log2
from typing import Any

import duckdb

from dagster_project.identity.lookup import output_of
from dagster_project.identity.match import RULES
from dagster_project.identity.model import COMPARISONS, Model
from dagster_project.identity.weights import link
from dagster_project.network import Network

DECISION, SCORE = "decision", "splink"
RANKS = (DECISION, *RULES, SCORE)
# What two records of one person seldom differ in; a second phone or card is nothing odd.
TELLING = {
    "first_name": "first names",
    "last_name": "last names",
    "email": "e-mails",
    "birth_date": "birth dates",
    "home": "homes",
}
COMPARED = {name: (name,) for name in COMPARISONS} | {"home": ("address", "postal_code")}
# A block of more records than this is told as a star around its first.
MAX_BLOCK = 40


@dataclass(frozen=True)
class Evidence:
    """What one comparison found and adds. `says`: the records of either side that say it; none where it is derived."""

    label: str
    bits: float
    says: tuple[list[int], list[int]]

    @property
    def is_derived(self) -> bool:
        return self.label != "not known" and not all(self.says)


@dataclass
class Link:
    """Two records, by number, and why they are one customer's.

    `groups`: the records on either side, more than one where two groups were scored.
    """

    left: int
    right: int
    rules: list[str]
    groups: tuple[list[int], list[int]]
    prior: float
    found: dict[str, Evidence] = field(default_factory=dict)

    @property
    def bits(self) -> float:
        return self.prior + sum(evidence.bits for evidence in self.found.values())

    @property
    def own_bits(self) -> float:
        """Without what is derived: a name taken over from the contact that ties two records says nothing new."""
        return self.bits - sum(max(0.0, evidence.bits) for evidence in self.found.values() if evidence.is_derived)

    @property
    def probability(self) -> float:
        return 1 / (1 + 2**-self.bits)

    @property
    def told_probability(self) -> str:
        """The probability as a person reads it: never a certainty."""
        return f"{self.probability:.4f}" if self.probability < 0.9999 else "above 0.9999"

    @property
    def differs(self) -> list[str]:
        return [TELLING[name] for name in TELLING if name in self.found and self.found[name].label == "different"]

    @property
    def strength(self) -> tuple:
        """Compares links: a steward's word outranks every weight."""
        return (DECISION in self.rules, self.own_bits, -self.left, -self.right)


def find_links(
    con: duckdb.DuckDBPyConnection, network: Network, model: Model, prior: float, records: list[dict[str, Any]]
) -> list[Link]:
    """Every link between the records of `open_case`, weakest first; `prior` is a probability."""
    before = log2(prior / (1 - prior))
    links = [
        Link(left, right, rules, ([left], [right]), before) for left, right, rules in _certain(con, network).fetchall()
    ]
    groups: dict[int, list[int]] = {}
    for record in records:
        groups.setdefault(record["exact_no"], []).append(record["record_no"])
    profiles = _profiles(con)
    pairs = [
        (number, left_no, right_no)
        for number, one in enumerate(links)
        for left_no, right_no in product(profiles.get(one.left, []), profiles.get(one.right, []))
    ]
    for left, right, left_no, right_no in _scored(con, network).fetchall():
        pairs.append((len(links), -1 - left_no, -1 - right_no))
        sides = (groups[records[left]["exact_no"]], groups[records[right]["exact_no"]])
        links.append(Link(left, right, [SCORE], sides, before))
    if links:
        _weigh(con, model, links, pairs)
    return sorted(links, key=lambda one: one.strength)


def _certain(con: duckdb.DuckDBPyConnection, network: Network) -> duckdb.DuckDBPyConnection:
    """left, right, rules of records that exact rules or a steward tie."""
    return con.execute(
        f"""with tied as (
                select r.record_no, min(r.record_no) over (partition by t.match_rule, t.block) as leader_no,
                       t.match_rule, t.block,
                       count(*) over (partition by t.match_rule, t.block) <= {MAX_BLOCK} as is_small
                from {output_of(network, "record_ties")} t join records r using (record_key)),
            said as (
                select a.record_no as a, b.record_no as b, a.match_rule as rule
                from tied a join tied b using (match_rule, block)
                where a.record_no < b.record_no and (a.is_small or a.record_no = a.leader_no)
                union all
                select least(x.record_no, y.record_no), greatest(x.record_no, y.record_no), '{DECISION}'
                from {output_of(network, "decision_effects")} d
                join records x on x.record_key = d.left_key join records y on y.record_key = d.right_key
                where d.is_in_force and d.decision = 'merge')
            select a, b, list(distinct rule order by list_position({list(RANKS)}, rule)) from said
            group by all order by all"""
    )


def _scored(con: duckdb.DuckDBPyConnection, network: Network) -> duckdb.DuckDBPyConnection:
    """left, right, and the numbers of the profiles that were scored, of groups of records that a score ties."""
    return con.execute(
        f"""select x.record_no, y.record_no, e.left_no, e.right_no from {output_of(network, "record_edges")} e
            join records x on x.record_key = e.left_key join records y on y.record_key = e.right_key
            where e.is_taken order by all"""
    )


def _profiles(con: duckdb.DuckDBPyConnection) -> dict[int, list[int]]:
    """Record -> the numbers of its profiles."""
    of: dict[int, list[int]] = {}
    query = "select record_no, profile_no from cased where record_no is not null order by all"
    for record_no, profile_no in con.execute(query).fetchall():
        of.setdefault(record_no, []).append(profile_no)
    return of


def _weigh(con: duckdb.DuckDBPyConnection, model: Model, links: list[Link], pairs: list[tuple[int, int, int]]) -> None:
    """Fill in what was found, of each link's best pair of profiles, as Splink weighs it."""
    shown = con.execute("select * from cased").to_arrow_table().to_pylist()
    profiles = {profile["profile_no"]: profile for profile in shown}
    settings = model.settings | {
        name: True for name in ("retain_matching_columns", "retain_intermediate_calculation_columns")
    }
    linker = link(con, settings, "cased")
    con.execute("create temp table asked (join_key_l bigint, join_key_r bigint, match_key varchar)")
    con.executemany("insert into asked values (?, ?, '0')", sorted({tuple(sorted(pair[1:])) for pair in pairs}))
    linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("asked"))
    rows = linker.inference.predict().as_record_list()
    weighed = {tuple(sorted((row["profile_no_l"], row["profile_no_r"]))): row for row in rows}
    own = dict(con.execute("select record_no, nullif(first_key, '') from names").fetchall())
    best: dict[int, tuple] = {}
    for number, left_no, right_no in pairs:
        row = weighed[tuple(sorted((left_no, right_no)))]
        candidate = (row["match_weight"], -left_no, -right_no)
        best[number] = max(best.get(number, candidate), candidate)
    for number, (_, left_no, right_no) in best.items():
        one, row = links[number], weighed[tuple(sorted((-left_no, -right_no)))]
        ends = (profiles[-left_no], profiles[-right_no])
        for name, (label, bits) in _weights(model, row).items():
            says = tuple(
                [record for record in group if _says(shown, own, record, name, end)]
                for group, end in zip(one.groups, ends, strict=True)
            )
            one.found[name] = Evidence(label, bits, says)
        one.left, one.right = (_spokesman(one, side) for side in (0, 1))


def _says(shown: list[dict], own: dict[int, str | None], record: int, name: str, profile: dict[str, Any]) -> bool:
    """Whether a record itself says what a profile does in one comparison."""
    if name == "first_name":
        return own[record] == profile["first_name"]
    if name == "card":
        return any(row["record_no"] == record and row["cards"] for row in shown)
    wanted = [profile[column] for column in COMPARED[name]]
    return any(row["record_no"] == record and [row[c] for c in COMPARED[name]] == wanted for row in shown)


def _spokesman(one: Link, side: int) -> int:
    """The record of a side that carries most of what speaks for the link."""
    carried = {
        record: sum(
            evidence.bits for evidence in one.found.values() if evidence.bits > 0 and record in evidence.says[side]
        )
        for record in one.groups[side]
    }
    return max(carried, key=lambda record: (carried[record], -record))


def _weights(model: Model, row: dict[str, Any]) -> dict[str, tuple[str, float]]:
    found = {}
    for comparison in model.settings["comparisons"]:
        name = comparison["output_column_name"]
        levels = comparison["comparison_levels"]
        gamma = row[f"gamma_{name}"]
        label = levels[0]["label_for_charts"] if gamma == -1 else levels[len(levels) - 1 - gamma]["label_for_charts"]
        found[name] = (label, row[f"mw_{name}"] + (row.get(f"mw_tf_adj_{name}") or 0.0))
    return found
