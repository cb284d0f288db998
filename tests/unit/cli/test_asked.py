"""A command that is told too little says at once what it wants, and leaves everything as it is."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import asked
from dagster_project.cli.commands import app
from dagster_project.errors import RegularsError


@pytest.fixture
def demo(tmp_path: Path, monkeypatch) -> Path:
    """Where the demo network would be."""
    monkeypatch.setattr(asked, "DEMO", tmp_path / "demo_network")
    return asked.DEMO


def refusal(*arguments: str) -> str:
    with pytest.raises(RegularsError) as refused:
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    return str(refused.value)


# As make passes what nobody gave.
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["explain", "--customer", ""], "give CUSTOMER=.., as in: make explain NETWORK=path/network.yaml CUSTOMER="),
        (
            ["decide", "--decision", "", "--left", "", "--right", "", "--by", "", "--reason", ""],
            "give DECISION=.. LEFT=.. RIGHT=.. REASON=.., as in: make decide NETWORK=path/network.yaml DECISION=",
        ),
        (
            ["decide", "--decision", "merge", "--left", "a", "--right", "b", "--by", "", "--reason", " "],
            "give REASON=.., as in: make decide NETWORK=path/network.yaml DECISION=",
        ),
        (["restate"], "give LOCATION=.., as in: make restate NETWORK=path/network.yaml LOCATION=shop_1 FROM="),
        (["rollback", "--run", ""], "give RUN=.., as in: make rollback NETWORK=path/network.yaml RUN=2026-10-30-1"),
        (["check"], "give NETWORK=path/network.yaml; there is no demo network here, which make run writes"),
        (["rehearse"], "give NETWORK=path/network.yaml; there is no demo network here"),
        (["retrain"], "give NETWORK=path/network.yaml; there is no demo network here"),
        (["restate", "--location", "shop_1"], "give NETWORK=path/network.yaml; there is no demo network here"),
        (["explain", "--customer", "c1"], "give NETWORK=path/network.yaml; there is no demo network here"),
    ],
)
def test_what_is_missing_is_told_with_an_example_and_nothing_is_written(demo, arguments, told) -> None:
    assert refusal(*arguments).startswith(told)
    assert list(demo.parent.iterdir()) == []


def test_a_demo_that_is_there_is_meant_where_no_network_is_named(demo, monkeypatch) -> None:
    monkeypatch.setenv("REGULARS_NETWORK", "another")
    demo.mkdir()
    (demo / "network.yaml").write_text("network: {name: The demo}\n")
    assert asked.network_of(None).network.name == "The demo"


def test_rollback_with_a_network_says_which_runs_are_kept(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("REGULARS_NETWORK", "another")
    (tmp_path / "network.yaml").write_text("network:\n")
    told = refusal("rollback", "--run", "", "--network", str(tmp_path / "network.yaml"))
    assert told == "RUN=.. says which snapshot; kept are none"
