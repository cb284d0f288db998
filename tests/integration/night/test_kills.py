"""kill -9 while a night runs: the next one ends as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from dagster_project.demo import write_demo
from dagster_project.network import load_network

# REGULARS_KILLS=20 kills at every stage and at twenty seeded instants.
RANDOM_KILLS = int(os.environ.get("REGULARS_KILLS", "1"))
STAGES = (
    ("landed", "cleaned", "found", "built", "judged", "sealed") if RANDOM_KILLS > 1 else ("landed", "built", "sealed")
)
SEED = 20261031


def start(network: Path, books: Path) -> subprocess.Popen:
    command = [sys.executable, "-u", "-m", "dagster_project.cli", "run", "--network", str(network)]
    environment = os.environ | {"DAGSTER_HOME": str(books), "REGULARS_KEY": "the same key for both"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def finish(network: Path, books: Path) -> str:
    process = start(network, books)
    printed = process.communicate(timeout=300)[0]
    assert process.returncode == 0, printed
    return printed


def kill_after_line(network: Path, books: Path, word: str) -> None:
    process = start(network, books)
    for line in process.stdout:
        if f"s  {word}" in line:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()


def kill_after_seconds(network: Path, books: Path, seconds: float) -> None:
    process = start(network, books)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def published_tables(network: Path) -> dict[str, list[tuple]]:
    """Every mart's rows, sorted: what an undisturbed run and a disturbed one must agree on."""
    home = load_network(network).home
    with duckdb.connect(str(home.published / "marts.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        return {
            name: connection.execute(f"select * from marts.marts.{name} order by all").fetchall() for (name,) in names
        }


def last_status(network: Path) -> str:
    """How far ops says the published run came."""
    home = load_network(network).home
    with duckdb.connect(str(home.ops), read_only=True) as ops:
        [(run_id, status)] = ops.execute(
            "select run_id, status from runs order by started_at desc, run_id desc limit 1"
        ).fetchall()
    assert run_id == home.published_run()
    return status


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, Path, dict[str, list[tuple]], float]:
    """A fresh network's folder, Dagster's books, what an undisturbed night publishes, and how long it took."""
    folder = tmp_path_factory.mktemp("kills")
    write_demo(folder / "fresh", people=120, days=400)
    books = folder / "books"
    books.mkdir()
    shutil.copytree(folder / "fresh", folder / "undisturbed")
    started = time.monotonic()
    finish(folder / "undisturbed" / "network.yaml", books)
    return (
        folder / "fresh",
        books,
        published_tables(folder / "undisturbed" / "network.yaml"),
        time.monotonic() - started,
    )


def test_a_night_killed_after_each_stage_and_at_seeded_instants_ends_the_same(undisturbed, tmp_path) -> None:
    fresh, books, expected, seconds = undisturbed
    network = tmp_path / "network" / "network.yaml"
    shutil.copytree(fresh, network.parent)
    for stage in STAGES:
        kill_after_line(network, books, stage)
    chance = random.Random(SEED)
    for _ in range(RANDOM_KILLS):
        kill_after_seconds(network, books, chance.uniform(0.3, 1.0) * seconds)
    finish(network, books)
    assert published_tables(network) == expected
    assert last_status(network) == "published"
