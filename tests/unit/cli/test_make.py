"""What a steward writes behind make's names reaches the command as written, and nothing of it is ever run."""

import os
import subprocess
from pathlib import Path

import pytest

from dagster_project.cli.asked import PROJECT


def said(command: str, **given: str) -> list[str]:
    """The arguments that `make command NAME=value ..` hands on; the project itself is not built for it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    words = ["make", "--silent", "--old-file=dbt_models/target/manifest.json", command, r"REGULARS=printf '%s\0'"]
    made = subprocess.run(
        [*words, *(f"{name}={value}" for name, value in given.items())],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return made.stdout.split("\0")[:-1]


@pytest.mark.parametrize("name", ["left", "right", "by", "reason"])
def test_a_decision_is_handed_on_as_written(tmp_path: Path, name: str):
    trap = tmp_path / "run"
    written = f"""she said: "not me", it's $HOME, $$5 or 100% #2 `touch {trap}` $(touch {trap}) $(shell touch {trap})"""
    arguments = said("decide", DECISION="separate", **{name.upper(): written})
    assert arguments[arguments.index(f"--{name}") + 1] == written
    assert not trap.exists()


def test_who_is_looked_for_is_handed_on_as_written():
    assert said("explain", CUSTOMER='Kate "Kit" O\'Neil $x') == ["explain", "--customer", 'Kate "Kit" O\'Neil $x']


def test_what_was_not_given_is_empty():
    empty = [word for name in ("decision", "left", "right", "by", "reason") for word in (f"--{name}", "")]
    assert said("decide") == ["decide", *empty]
