"""Weights that are kept from night to night change nothing but the work."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.identity import weights
from dagster_project.identity.decisions import NONE
from dagster_project.identity.matching import match
from dagster_project.identity.model import load_model
from dagster_project.identity.synthetic import write_people
from dagster_project.network_sections import IdentitySection

PEOPLE = 300


@pytest.fixture(scope="module")
def people():
    """Made-up records of which many are one person's."""
    con = duckdb.connect()
    write_people(con, PEOPLE)
    return {table: con.execute(f"select * from {table}").to_arrow_table() for table in ("records", "observed")}


def night(people, known, memo):
    """The partition of the records `known` (as sets of record keys), and every scored pair with its probability."""
    con = duckdb.connect()
    con.register("chosen", duckdb.sql("select unnest($1) as old_no", params=[sorted(known)]).to_arrow_table())
    for table, rows in people.items():
        con.register("all_rows", rows)
        con.execute(
            f"""create temp table {table} as select n.record_no, r.* exclude (record_no) from all_rows r
                join (select old_no, row_number() over (order by old_no) - 1 as record_no from chosen) n
                on n.old_no = r.record_no"""
        )
    match(con, load_model(), IdentitySection(), NONE, memo)
    clusters = con.execute(
        "select list(record_key order by record_key) from clusters join records using (record_no) group by cluster_no"
    ).fetchall()
    scores = con.execute(
        """select a.record_key, b.record_key, s.probability from scores s
           join profiles l on l.profile_no = s.left_no join profiles r on r.profile_no = s.right_no
           join records a on a.record_no = l.record_no join records b on b.record_no = r.record_no order by all"""
    ).fetchall()
    return sorted(tuple(keys) for (keys,) in clusters), scores


@settings(max_examples=4, deadline=None)
@given(
    night_of=st.lists(st.integers(0, 2), min_size=PEOPLE, max_size=PEOPLE),
    gone=st.sets(st.integers(0, PEOPLE - 1), max_size=30),
)
def test_any_split_into_nights_gives_what_one_night_gives(people, tmp_path_factory, night_of, gone):
    """Records come on one of three nights, and some go again on the last: what is remembered decides nothing."""
    memo = tmp_path_factory.mktemp("nights") / "pair_weights.parquet"
    for last in range(3):
        known = {no for no, came in enumerate(night_of) if came <= last and not (last == 2 and no in gone)}
        if known:
            night_by_night = night(people, known, memo)
    if known:
        assert night_by_night == night(people, known, None)


def test_only_pairs_with_a_new_or_changed_record_are_scored(people, tmp_path, monkeypatch):
    memo, asked = tmp_path / "pair_weights.parquet", []
    ask = weights._ask_splink

    def counted(con, model):
        asked.append(con.execute("select count(*) from unweighed").fetchall()[0][0])
        ask(con, model)

    monkeypatch.setattr(weights, "_ask_splink", counted)
    full = set(range(PEOPLE))
    night(people, full, memo)
    night(people, full, memo)
    assert len(asked) == 1
    assert asked[0] > 50
    night(people, full - {0, 1}, memo)
    night(people, full, memo)
    assert sum(asked[1:]) < asked[0] / 5


def test_another_model_remembers_nothing(people, tmp_path):
    memo = tmp_path / "pair_weights.parquet"
    con = duckdb.connect()
    night(people, set(range(100)), memo)
    before = {row[0] for row in con.execute("select pair from read_parquet(?)", [str(memo)]).fetchall()}
    other = load_model().settings | {"comparisons": load_model().settings["comparisons"][:-1]}
    for table, rows in people.items():
        con.register("all_rows", rows)
        con.execute(f"create temp table {table} as select * from all_rows where record_no < 100")
    match(con, load_model(), IdentitySection(), NONE)
    con.execute("drop table weights")
    weights.weigh_candidates(con, other, memo)
    after = {row[0] for row in con.execute("select pair from read_parquet(?)", [str(memo)]).fetchall()}
    assert after
    assert not after & before
