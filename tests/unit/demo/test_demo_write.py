"""Same arguments, same bytes; what is there is left alone; what is not the demo's is never touched."""

import os
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dagster_project.demo import write_demo
from dagster_project.errors import NetworkError
from dagster_project.network import load_network

TINY = {"locations": 2, "people": 20, "days": 60, "last_day": date(2026, 3, 31)}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    landing = {p: int(p.stat().st_mtime) for p in sorted((folder / "landing").rglob("*")) if p.is_file()}
    truth = {p: 0 for p in sorted((folder / "truth").glob("*.parquet"))}
    return {str(p.relative_to(folder)): (p.read_bytes(), at) for p, at in (landing | truth).items()}


def test_the_seed_decides_every_byte_and_file_time(tmp_path):
    for name, seed in (("one", 1), ("same", 1), ("other", 7)):
        write_demo(tmp_path / name, seed=seed, **TINY)
    one, same, other = (contents(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    sales = [path for path in one if "items-2" in path and "(1)" not in path]
    assert sales
    assert all(one[path][0] != other[path][0] for path in sales if path in other)


def test_a_file_arrives_at_half_past_five_after_its_last_day(demo):
    file = demo / "landing/shop_3/items-2026-02-01-2026-03-01.csv"
    arrived = datetime.fromtimestamp(file.stat().st_mtime, ZoneInfo("America/Chicago"))
    assert arrived == datetime(2026, 3, 1, 5, 30, tzinfo=ZoneInfo("America/Chicago"))


def test_network_yaml_is_valid_and_points_at_the_landing_zone(demo):
    network = load_network(demo / "network.yaml")
    assert network.network.name == "Demo Coffee"
    assert network.landing == (demo / "landing").resolve()
    assert [d.name for d in network.destinations] == ["email_drop"]


def test_other_arguments_replace_the_landing_zone_and_keep_home_and_network_yaml(tmp_path):
    folder = tmp_path / "n"
    write_demo(folder, **TINY)
    (folder / "home").mkdir()
    (folder / "home/ids").write_text("kept")
    (folder / "network.yaml").write_text("network: {name: Mine}\n")
    stale = folder / "landing/shop_2"
    assert stale.is_dir()
    assert not write_demo(folder, **TINY | {"locations": 1}).was_there
    assert not stale.exists()
    assert (folder / "home/ids").read_text() == "kept"
    assert "Mine" in (folder / "network.yaml").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["n"]


def test_what_is_complete_is_left_alone_and_what_was_interrupted_is_done_again(tmp_path):
    folder = tmp_path / "n"
    first = write_demo(folder, **TINY)
    before = contents(folder)
    touched = folder / "landing/hq/products.csv"
    os.utime(touched, (1, 1))
    second = write_demo(folder, **TINY)
    assert (first.was_there, second.was_there) == (False, True)
    assert second.order_lines == first.order_lines > 0
    assert touched.stat().st_mtime == 1
    (folder / ".demo.json").write_text('{"parameters": null}')
    touched.unlink()
    assert not write_demo(folder, **TINY).was_there
    assert contents(folder) == before


def test_a_folder_of_someone_else_is_refused(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/one.txt").write_text("mine")
    with pytest.raises(NetworkError, match="letters: holds something else"):
        write_demo(tmp_path / "letters", **TINY)
    assert [p.name for p in (tmp_path / "letters").iterdir()] == ["one.txt"]


@pytest.mark.parametrize(("name", "value"), [("people", 3), ("locations", 0), ("days", 10)])
def test_too_small_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(NetworkError, match=name):
        write_demo(tmp_path / "n", **TINY | {name: value})


def test_one_location_without_other_tills_works(tmp_path):
    summary = write_demo(tmp_path / "n", **TINY | {"locations": 1})
    assert summary.order_lines > 0
    assert set(pd.read_parquet(tmp_path / "n/truth/orders.parquet")["location_id"]) == {"shop_1"}
