"""The asset graph: nothing dangles, and it reads in the order data flows."""

from graphlib import TopologicalSorter

import dagster as dg

from dagster_project.definitions import build_defs
from dagster_project.defs.dbt_build import manifest


def graph():
    return build_defs().resolve_asset_graph()


def test_every_table_dbt_reads_is_an_asset_of_ours() -> None:
    keys = graph().get_all_asset_keys()
    for source in manifest()["sources"].values():
        assert dg.AssetKey([source["source_name"], source["name"]]) in keys, source["name"]


def test_every_check_is_about_an_asset_that_exists() -> None:
    graph_ = graph()
    for check in graph_.asset_check_keys:
        assert check.asset_key in graph_.get_all_asset_keys(), check


def test_every_dbt_test_is_told_by_a_check() -> None:
    graph_ = graph()
    told = " ".join(graph_.get_check_spec(key).description for key in graph_.asset_check_keys)
    tests = [n["name"] for n in manifest()["nodes"].values() if n["resource_type"] == "test"]
    assert len(tests) > 100
    assert [test for test in tests if test not in told] == []


def test_assets_have_groups_and_descriptions_and_lead_to_published() -> None:
    graph_ = graph()
    published = dg.AssetKey("published")
    upstream = graph_.get_ancestor_asset_keys(published)
    for key in graph_.materializable_asset_keys:
        node = graph_.get(key)
        assert node.description, key
        assert node.group_name != "default", key
    for key in (
        ["landed", "order_lines"],
        ["lake", "order_lines"],
        ["lake", "golden_records"],
        ["marts", "rfm_scores"],
        ["snapshot"],
    ):
        assert dg.AssetKey(key) in upstream, key


def test_groups_read_from_left_to_right() -> None:
    """Two groups that lead to each other have no order: the picture would lead back."""
    graph_ = graph()
    before: dict[str, set[str]] = {}
    for key in graph_.get_all_asset_keys():
        node = graph_.get(key)
        parents = {graph_.get(parent).group_name for parent in node.parent_keys}
        before.setdefault(node.group_name, set()).update(parents - {node.group_name})
    order = list(TopologicalSorter(before).static_order())
    flow = [
        "landing",
        "landed",
        "clean",
        "identity",
        "staging",
        "intermediate",
        "predict",
        "marts",
        "sealed",
        "published",
    ]
    assert [group for group in order if group in flow] == flow


def test_the_nightly_job_runs_in_one_process_and_has_a_schedule() -> None:
    definitions = build_defs()
    job = definitions.resolve_job_def("nightly")
    assert job.executor_def.name == "in_process"
    assert definitions.resolve_schedule_def("every_night").job_name == "nightly"
