"""`python -m bench --size 100k`: a network, the yardsticks and the nights in alternation, and then the table."""

import importlib
import json
import pkgutil
import shutil
import statistics
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import bench
from bench import Row
from bench.comparison import different_marts, yardstick_differences
from bench.network import LAST_DAY, SIZES, Size, deliver_day, write_network
from bench.night import run_night
from bench.processes import PROJECT, run_module

Told = Callable[[str], None]
# Module -> whether its money is in cents.
YARDSTICKS = {"plain_duckdb": False, "pandas_script": True, "polars_script": True}
OUTPUT_STAGES = ("extract", "clean", "identity", "dbt")
TODAY = LAST_DAY - timedelta(1)


def bench_size(size: str, folder: Path, rounds: int, told: Told) -> dict:
    """All measurements of one size as a JSON value; `folder` is emptied first. Raises BenchError when a part fails."""
    shutil.rmtree(folder, ignore_errors=True)
    network = folder / "network.yaml"
    told(f"writing {SIZES[size]:,} lines")
    write_network(folder, Size(SIZES[size]))
    home, marts = folder / "home", folder / "home" / "published" / "marts.duckdb"
    yardsticks: dict[str, list[dict]] = {name: [] for name in YARDSTICKS}
    full: list[dict] = []
    for number in range(rounds):
        for name in YARDSTICKS:
            told(f"round {number + 1} of {rounds}: {name}")
            out = folder / name
            yardsticks[name].append(run_module(f"bench.{name}", str(folder / "landing"), str(out), str(TODAY)))
        told(f"round {number + 1} of {rounds}: a night from nothing")
        shutil.rmtree(home, ignore_errors=True)
        full.append(run_night(network))
    differences = [
        line for name, cents in YARDSTICKS.items() for line in yardstick_differences(marts, folder / name, cents)
    ]
    told("a night with nothing new")
    nothing = run_night(network)
    told("one more day")
    before = folder / "before"
    shutil.copytree(home, before, symlinks=True)
    deliver_day(folder, Size(SIZES[size]))
    day = run_night(network)
    told("the same day from nothing but the state")
    published = folder / "day.duckdb"
    shutil.copyfile(marts, published)
    shutil.rmtree(home)
    before.rename(home)
    shutil.rmtree(home / "lake")
    rebuild = run_night(network)
    differences += [f"after one more day: {line}" for line in different_marts(published, marts)]
    told("extraction alone")
    alone = folder / "alone.json"
    shutil.rmtree(home)
    run_module("bench.extraction", str(network), str(alone))
    return {
        "size": size,
        "lines": SIZES[size],
        "files": sum(1 for _ in (folder / "landing").rglob("*.csv")),
        "yardsticks": {name: _medians(runs) for name, runs in yardsticks.items()},
        "night": {stage: _medians([night[stage] for night in full]) for stage in full[0]},
        "nothing_new": nothing["night"],
        "day": day,
        "rebuild": rebuild,
        "extraction": json.loads(alone.read_text()),
        "differences": differences,
    }


def smallest_night(folder: Path) -> dict[str, float]:
    """What a night costs that has next to nothing to do; `folder` is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    write_network(folder, Size(SIZES["tiny"]))
    return run_night(folder / "network.yaml")["night"]


def _medians(runs: list[dict]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def rows_of(found: dict, fixed: float, smaller: dict | None) -> list[Row]:
    """The table's lines. `fixed`: CPU seconds of a night of next to nothing; `smaller`: the size measured before."""
    duckdb, pandas = found["yardsticks"]["plain_duckdb"], found["yardsticks"]["pandas_script"]
    night = found["night"]
    whole = night["night"]
    outputs = sum(night[stage]["cpu"] for stage in OUTPUT_STAGES)
    day, full = found["day"]["night"]["cpu"] - fixed, found["rebuild"]["night"]["cpu"] - fixed
    rows = [Row(name, y["cpu"], "CPU s", note=_also(y)) for name, y in found["yardsticks"].items()]
    rows += [Row(f"stage {s}", c["cpu"], "CPU s", note=_also(c)) for s, c in night.items() if s != "night"]
    rows += [
        Row("the whole night", whole["cpu"], "CPU s", note=_also(whole)),
        Row("start-up: a night of next to nothing", fixed, "CPU s"),
        Row("stages with the yardstick's outputs / plain DuckDB", outputs / duckdb["cpu"], "x CPU", "<= 1.5"),
        Row("the whole night / plain DuckDB", whole["cpu"] / duckdb["cpu"], "x CPU", "<= 3 at 10M"),
        Row("the same without start-up", (whole["cpu"] - fixed) / duckdb["cpu"], "x CPU"),
        Row("the whole night / pandas", whole["wall"] / pandas["wall"], "x wall", "<= 1 at 10M"),
        Row("extraction / one typed parse per file", _ratio(found["extraction"]), "x CPU", "<= 2 at 10M"),
        Row("peak memory", max(cost["peak_mib"] for cost in night.values()), "MiB", "<= 1536 at 10M"),
        Row("one more day / a full build, start-up apart", day / full, "x CPU", "<= 0.08 at 10M"),
        Row("a night with nothing new", found["nothing_new"]["wall"], "s", "<= 10"),
    ]
    if smaller:
        grown = (whole["cpu"] / smaller["night"]["night"]["cpu"]) / (found["lines"] / smaller["lines"])
        rows.append(Row(f"growth of the night's CPU since {smaller['size']} / of lines", grown, "x", "<= 2"))
    return rows


def _figure(value: float) -> str:
    return f"{value:.4f}" if 0 < abs(value) < 0.01 else f"{value:,.2f}"


def _also(cost: dict) -> str:
    return f"{cost['wall']:.1f} s wall, {cost['peak_mib']:,.0f} MiB"


def _ratio(extraction: dict) -> float:
    return extraction["extract"] / extraction["parse"]


def registered() -> list:
    """The modules of this folder that expose `measure`."""
    names = [module.name for module in pkgutil.iter_modules(bench.__path__) if module.name != "__main__"]
    modules = [importlib.import_module(f"bench.{name}") for name in sorted(names)]
    return [module for module in modules if hasattr(module, "measure")]


def main(
    size: Annotated[str, typer.Option(help=f"How many receipt lines: {', '.join(SIZES)}.")] = "100k",
    rounds: Annotated[int, typer.Option(help="Alternating runs, of which the medians count.", min=1)] = 3,
    folder: Annotated[Path, typer.Option(help="Scratch, and where the figures stay.")] = PROJECT / ".bench",
) -> None:
    """Measure the nightly job beside its yardsticks, and print the table."""
    if size not in SIZES:
        raise typer.BadParameter(f"{size} is no size; one of {', '.join(SIZES)}")
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
    console.print("start-up: a night of next to nothing")
    fixed = smallest_night(folder / "tiny")
    found = bench_size(size, folder / "network", rounds, lambda line: console.print(f"{size}: {line}"))
    (folder / f"{size}.json").write_text(json.dumps(found, indent=1))
    smaller = [name for name, lines in SIZES.items() if lines < SIZES[size] and (folder / f"{name}.json").is_file()]
    known = json.loads((folder / f"{smaller[-1]}.json").read_text()) if smaller else None
    rows = rows_of(found, fixed["cpu"], known)
    for module in registered():
        console.print(f"{size}: {module.__name__}")
        rows += module.measure(size, folder / module.__name__)
    table = Table("what", "measured", "", "goal", "also", title=f"{found['lines']:,} lines in {found['files']:,} files")
    for row in rows:
        table.add_row(row.what, _figure(row.value), row.unit, row.goal, row.note)
    console.print(table)
    for line in found["differences"]:
        console.print(f"differs: {line}")
    console.print(f"Figures: {folder / f'{size}.json'}")
    console.print("All results agree." if not found["differences"] else "Results differ; see above.")
    raise typer.Exit(1 if found["differences"] else 0)


if __name__ == "__main__":
    typer.run(main)
