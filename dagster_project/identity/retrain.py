"""Retraining: a new model of the network's own records, and what it would do to ids, before it may do it."""

from collections.abc import Iterator

import duckdb

from dagster_project.errors import IdentityError
from dagster_project.identity.candidates import find_candidates
from dagster_project.identity.decisions import Decisions
from dagster_project.identity.lookup import output_of
from dagster_project.identity.match import find_ties
from dagster_project.identity.matching import match
from dagster_project.identity.model import Model, model_of, save_model
from dagster_project.identity.profiles import build_profiles
from dagster_project.identity.train import train_model
from dagster_project.memory import bounded
from dagster_project.network import Network

LEAST_RECORDS = 1000
NO_HOUSEHOLDS = (
    "households: false. Among these records hardly any two people share a house and a family name, so with this model "
    "the household guard is off: nothing but their scores keeps people of one home apart. Where families are "
    "customers, stay with the model you have"
)


def retrain(network: Network) -> Iterator[str]:
    """Train on the records of the last night, save the model beside network.yaml, and tell how ids would change.

    Nothing changes until network.yaml names the model. Raises IdentityError when no night has run, or the network
    is too small to learn from.
    """
    with _opened(network) as con:
        records = con.execute("select count(*) from records").fetchall()[0][0]
        if records < LEAST_RECORDS:
            raise IdentityError(
                f"{network.file}: {records} records are too few to learn from, {LEAST_RECORDS} are needed; "
                "the model that ships serves small networks"
            )
        find_ties(con)
        con.execute("create temp table exact_clusters as select record_no, record_no as cluster_no from records")
        build_profiles(con)
        profiles = con.execute("select count(*) from profiles").fetchall()[0][0]
        find_candidates(con, profiles)
        trained = train_model(con, profiles)
        through = con.execute("select max(last_on) from observed").fetchall()[0][0]
    path = network.file.parent / "models" / f"identity-{through}.json"
    save_model(path, trained, f"{records} records of {network.network.name}, through {through}")
    now, then = _partition(network, model_of(network)), _partition(network, trained)
    with duckdb.connect() as con:
        con.register("now_known", now)
        con.register("then_known", then)
        merged, split, same = con.execute(
            """with pairs as (select a.cluster_no as one, b.cluster_no as other from now_known a
                              join then_known b using (record_key)),
                   by_now as (select one, count(distinct other) as parts from pairs group by 1),
                   by_then as (select other, count(distinct one) as parts from pairs group by 1)
               select (select count(*) from by_then where parts > 1), (select count(*) from by_now where parts > 1),
                      (select count(*) from (select distinct one, other from pairs)
                       join by_now using (one) join by_then using (other)
                       where by_now.parts = 1 and by_then.parts = 1)"""
        ).fetchall()[0]
    before, after = (len(set(table["cluster_no"].to_pylist())) for table in (now, then))
    yield f"{path}: written, learnt from {records:,} records"
    yield f"customers: {before:,} now, {after:,} with this model; {same:,} stay exactly who they are"
    yield f"{merged:,} would be merged from several, {split:,} would be split"
    if not trained.households:
        yield NO_HOUSEHOLDS
    yield f"It counts when network.yaml says identity: {{model: models/{path.name}}}; no id changes before."


def _opened(network: Network) -> duckdb.DuckDBPyConnection:
    """The records of the last night as tables `records` and `observed`."""
    values = output_of(network, "record_values")
    con = duckdb.connect(config=bounded(network.home.spill))
    con.execute(
        f"""create temp table records as
            select row_number() over (order by record_key) - 1 as record_no, record_key, source, location_id
            from (select distinct record_key, source, location_id from {values})"""
    )
    con.execute(
        f"""create temp table observed as
            select r.record_no, v.* exclude (record_key, source, location_id, source_record_id)
            from {values} v join records r using (record_key)"""
    )
    return con


def _partition(network: Network, model: Model):
    """record_key and cluster_no of every record under a model, with what stewards decided."""
    with _opened(network) as con:
        rows = con.execute(
            f"""select d.decision, a.record_no, b.record_no
                from {output_of(network, "decision_effects")} d
                join records a on a.record_key = d.left_key join records b on b.record_key = d.right_key
                where d.is_in_force order by d.decided_at, 2, 3"""
        ).fetchall()
        decided = Decisions(
            [(min(a, b), max(a, b)) for decision, a, b in rows if decision == "merge"],
            [(min(a, b), max(a, b)) for decision, a, b in rows if decision == "separate"],
        )
        match(con, model, network.identity, decided)
        return con.execute(
            "select record_key, cluster_no from clusters join records using (record_no)"
        ).to_arrow_table()
