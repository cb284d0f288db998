"""What holds a customer's records together: every link with its weight, and which of them is the weakest."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.errors import IdentityError
from dagster_project.home import Home
from dagster_project.identity.match import RULES, find_ties
from dagster_project.identity.model import Model
from dagster_project.identity.profiles import build_profiles
from dagster_project.identity.weights import link

# Weakest last; a score comes after every exact rule.
ORDER = ("decision", *RULES, "splink")


@dataclass
class Link:
    """Two records, by number, and why they are one customer's. `weights`: comparison -> (what was found, bits)."""

    left: int
    right: int
    rules: list[str]
    probability: float
    differs: list[str]
    weights: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def strength(self) -> tuple:
        """Compares links: by the best rule, less what speaks against it."""
        best = min(ORDER.index(rule) for rule in self.rules)
        return (-len(self.differs), -best, self.probability, -self.left, -self.right)


def living_id(home: Home, customer_id: str) -> str:
    """The id itself, or who it leads to. Raises IdentityError when nobody ever had it."""
    identities, retired = (home.identity / f"{name}.parquet" for name in ("customer_identities", "retired_ids"))
    if not identities.is_file():
        raise IdentityError(f"{identities}: no night has run here yet; run make run first")
    known = "select 1 from read_parquet(?) where customer_id = ? and valid_to is null limit 1"
    if duckdb.execute(known, [str(identities), customer_id]).fetchall():
        return customer_id
    query = "select living_customer_id from read_parquet(?) where customer_id = ?"
    heirs = duckdb.execute(query, [str(retired), customer_id]).fetchall()
    if not heirs:
        raise IdentityError(f"CUSTOMER={customer_id}: nobody has this id; look in marts.customer_identities for one")
    return heirs[0][0]


def open_case(con: duckdb.DuckDBPyConnection, home: Home, customer_id: str) -> list[dict[str, Any]]:
    """The customer's records, numbered from 1; leaves them as tables `records`, `observed` and `profiles` on `con`."""
    lake = {name: _file(home, name) for name in ("customer_identities", "record_values", "profiles", "source_records")}
    con.execute(
        f"""create temp table records as
            select row_number() over (order by record_key) - 1 as record_no, i.record_key, i.source, i.location_id,
                   i.source_record_id, i.match_rule, i.match_probability, s.first_seen_date, s.last_seen_date
            from {lake["customer_identities"]} i join {lake["source_records"]} s using (record_key)
            where i.customer_id = ? and i.valid_to is null""",
        [customer_id],
    )
    con.execute(
        f"""create temp table observed as
            select r.record_no, v.* exclude (record_key, source, location_id, source_record_id)
            from {lake["record_values"]} v join records r using (record_key)"""
    )
    find_ties(con)
    con.execute("create temp table exact_clusters as select record_no, record_no as cluster_no from records")
    build_profiles(con)
    # How rare a name is, and whether it is known as one, is the network's to say.
    con.execute(
        f"""create temp table cased as
            select p.* replace (coalesce(a.tf, p.tf_first_name) as tf_first_name,
                                coalesce(b.tf, p.tf_last_name) as tf_last_name,
                                coalesce(a.known, p.is_known_first) as is_known_first)
            from profiles p
            left join (select first_name, max(tf_first_name) as tf, bool_or(is_known_first) as known
                       from {lake["profiles"]} group by 1) a on a.first_name = p.first_name
            left join (select last_name, max(tf_last_name) as tf from {lake["profiles"]} group by 1) b
              on b.last_name = p.last_name"""
    )
    rows = con.execute("select * from records order by record_no").to_arrow_table().to_pylist()
    return [row | {"number": row["record_no"] + 1} for row in rows]


def find_links(con: duckdb.DuckDBPyConnection, home: Home) -> list[Link]:
    """Every link between the records of `open_case`, weakest first."""
    con.execute(
        f"""create temp table linked as
            with said as (
                select record_key as a, leader_key as b, match_rule as rule, 1.0::double as probability
                from {_file(home, "record_ties")}
                union all
                select left_key, right_key, 'splink', probability from {_file(home, "record_edges")} where is_taken
                union all
                select left_key, right_key, 'decision', 1 from {_file(home, "decisions")} where decision = 'merge')
            select least(x.record_no, y.record_no) as left_no, greatest(x.record_no, y.record_no) as right_no,
                   list(distinct rule order by rule) as rules, max(probability) as probability
            from said s join records x on x.record_key = s.a join records y on y.record_key = s.b group by 1, 2"""
    )
    differs = ", ".join(
        f"case when bool_and({column}_differs) then '{told}' end"
        for column, told in (("last", "last names"), ("born", "birth dates"), ("first", "first names"))
    )
    rows = con.execute(
        f"""select left_no, right_no, rules, probability, list_filter([{differs}], x -> x is not null)
            from (select k.*, coalesce(l.last_name <> r.last_name, false) as last_differs,
                         coalesce(damerau_levenshtein(l.birth_date, r.birth_date) > 2, false) as born_differs,
                         coalesce(not list_has_any(l.first_forms, r.first_forms)
                                  and not starts_with(l.first_name, r.first_name)
                                  and not starts_with(r.first_name, l.first_name), false) as first_differs
                  from linked k join cased l on l.record_no = k.left_no join cased r on r.record_no = k.right_no)
            group by all order by 1, 2"""
    ).fetchall()
    links = [Link(left, right, rules, probability, against) for left, right, rules, probability, against in rows]
    return sorted(links, key=lambda link_: link_.strength)


def weakest(links: list[Link]) -> Link | None:
    """The weakest link without which the records fall apart: the weakest of the strongest spanning tree."""
    own: dict[int, int] = {}

    def root(node: int) -> int:
        while own.setdefault(node, node) != node:
            node = own[node]
        return node

    tree = []
    for edge in sorted(links, key=lambda one: one.strength, reverse=True):
        left, right = root(edge.left), root(edge.right)
        if left != right:
            own[max(left, right)] = min(left, right)
            tree.append(edge)
    return tree[-1] if tree else None


def weigh(con: duckdb.DuckDBPyConnection, model: Model, links: list[Link], prior: float, picture: Path | None) -> None:
    """Fill in the links' weights as Splink sees them; the first link's waterfall goes to `picture` (.svg), if given."""
    if not links:
        return
    wanted = {(one.left, one.right): one for one in links}
    settings = model.settings | {
        "probability_two_random_records_match": prior,
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "additional_columns_to_retain": ["record_no"],
    }
    linker = link(con, settings, "cased")
    con.execute(
        """create temp table compared as
           select least(l.profile_no, r.profile_no) as join_key_l, greatest(l.profile_no, r.profile_no) as join_key_r,
                  '0' as match_key
           from linked k join cased l on l.record_no = k.left_no join cased r on r.record_no = k.right_no"""
    )
    linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("compared"))
    best: dict[tuple[int, int], dict[str, Any]] = {}
    for row in linker.inference.predict().as_record_list():
        pair = tuple(sorted((row["record_no_l"], row["record_no_r"])))
        if pair not in best or row["match_weight"] > best[pair]["match_weight"]:
            best[pair] = row
    for pair, row in best.items():
        wanted[pair].weights = _weights(model, row)
    first = best.get((links[0].left, links[0].right))
    if picture is not None and first is not None:
        _draw(linker, first, picture)


def _weights(model: Model, row: dict[str, Any]) -> dict[str, tuple[str, float]]:
    found = {}
    for comparison in model.settings["comparisons"]:
        name = comparison["output_column_name"]
        levels = comparison["comparison_levels"]
        gamma = row[f"gamma_{name}"]
        label = levels[0]["label_for_charts"] if gamma == -1 else levels[len(levels) - 1 - gamma]["label_for_charts"]
        found[name] = (label, row[f"mw_{name}"] + (row.get(f"mw_tf_adj_{name}") or 0.0))
    return found


def _draw(linker: Any, row: dict[str, Any], picture: Path) -> None:
    import vl_convert

    chart = linker.visualisations.waterfall_chart([row], filter_nulls=False)
    picture.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    picture.write_text(vl_convert.vegalite_to_svg(chart.altair_chart.to_dict()), encoding="utf-8")
    picture.chmod(0o600)


def _file(home: Home, name: str) -> str:
    path = home.identity / f"{name}.parquet"
    if not path.is_file():
        raise IdentityError(f"{path}: not there; run the night again (make run)")
    return "read_parquet('" + str(path).replace("'", "''") + "')"
