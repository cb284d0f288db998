"""The statement that Splink writes for a model weighs pairs as Splink itself does."""

import duckdb

from dagster_project.identity.candidates import find_candidates
from dagster_project.identity.match import find_ties
from dagster_project.identity.model import load_model
from dagster_project.identity.profiles import build_profiles
from dagster_project.identity.synthetic import write_people
from dagster_project.identity.weights import link, weigh_candidates, weighing

PEOPLE = 600


def test_the_statement_written_over_no_rows_weighs_as_splink_does():
    con, settings = duckdb.connect(), load_model().settings
    write_people(con, PEOPLE)
    find_ties(con)
    con.execute("create temp table exact_clusters as select record_no, record_no as cluster_no from records")
    build_profiles(con)
    find_candidates(con, con.execute("select count(*) from profiles").fetchall()[0][0])
    weigh_candidates(con, weighing(settings))
    ours = con.execute("select left_no, right_no, weight from weights order by all").fetchall()

    con.execute(
        """create table pairs as
           select left_no as join_key_l, right_no as join_key_r, '0' as match_key from candidates"""
    )
    linker = link(con, settings | {"probability_two_random_records_match": 0.5})
    linker.table_management.register_blocked_pairs_for_predict(linker._db_api.register("pairs"))
    found = linker.inference.predict().physical_name
    theirs = con.execute(f"select profile_no_l, profile_no_r, match_weight from {found} order by all").fetchall()
    assert len(ours) > 100
    assert ours == theirs
    assert {0, 20} <= {round(weight, -1) for *_, weight in ours}, "pairs both likely and unlikely"
