"""A network's own segment map: every pair of scores once, or it is refused by name."""

from pathlib import Path

import pytest

from dagster_project.errors import NetworkError
from dagster_project.network import load_network
from dagster_project.segment_map import read_segment_map

HEADER = "r_score,f_score,rfm_segment,segment_rank"
WHOLE = [f"{r},{f},{'stars' if r > 2 else 'rest'},{1 if r > 2 else 2}" for r in range(1, 6) for f in range(1, 6)]


def written(folder: Path, rows: list[str], header: str = HEADER) -> Path:
    path = folder / "rfm_segments.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_a_whole_map_is_read_and_none_is_no_mistake(tmp_path: Path) -> None:
    assert read_segment_map(tmp_path / "rfm_segments.csv") == []
    cells = read_segment_map(written(tmp_path, WHOLE))
    assert len(cells) == 25
    assert cells[0] == (5, 5, "stars", 1)
    assert cells[-1] == (1, 1, "rest", 2)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (WHOLE[1:], ["leaves out R1F1"]),
        ([*WHOLE, "5,5,stars,1"], ["names R5F5 twice"]),
        ([*WHOLE[2:], "5,5,stars,1"], ["leaves out R1F2, R1F1", "names R5F5 twice"]),
        ([*WHOLE, "6,1,stars,1"], ["row 27", "R6 F1"]),
        ([*WHOLE, "1,1,,1"], ["row 27", "segment ''"]),
        ([*WHOLE, "1,one,rest,1"], ["row 27", "whole numbers"]),
        ([], ["25 rows"]),
    ],
)
def test_a_wrong_map_stops_the_network_and_names_its_cells(tmp_path: Path, rows: list[str], told: list[str]) -> None:
    written(tmp_path, rows)
    (tmp_path / "network.yaml").write_text("network:\n")
    with pytest.raises(NetworkError) as error:
        load_network(tmp_path / "network.yaml")
    assert all(part in str(error.value) for part in [*told, "rfm_segments.csv"]), str(error.value)
