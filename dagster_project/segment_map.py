"""A network's own map of RFM segments: `rfm_segments.csv` beside network.yaml, one row per pair of scores.

Columns: r_score, f_score (1-5), rfm_segment, segment_rank (1 is the best). Without the file the project's map holds.
"""

import csv
from pathlib import Path

from dagster_project.errors import NetworkError

PROJECT_MAP = Path(__file__).resolve().parents[1] / "dbt_models" / "seeds" / "rfm_segments.csv"
COLUMNS = ("r_score", "f_score", "rfm_segment", "segment_rank")
CELLS = [(recency, frequency) for recency in range(5, 0, -1) for frequency in range(5, 0, -1)]


def read_segment_map(path: Path) -> list[tuple[int, int, str, int]]:
    """Rows of the map as (r_score, f_score, rfm_segment, segment_rank), best scores first; none without the file.

    Raises NetworkError naming every cell that is left out, named twice or does not exist, and every wrong row.
    """
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NetworkError(f"{path}: cannot be read ({error}); write it as UTF-8 CSV") from error
    header = set(rows[0]) if rows else set()
    if header != set(COLUMNS):
        raise NetworkError(f"{path}: columns {', '.join(COLUMNS)} and 25 rows are expected, one per pair of scores")
    cells = [_cell(path, number, row) for number, row in enumerate(rows, start=2)]
    named = [cell[:2] for cell in cells]
    left_out = [cell for cell in CELLS if cell not in named]
    twice = [cell for cell in CELLS if named.count(cell) > 1]
    wrong = [f"leaves out {_told(left_out)}"] * bool(left_out) + [f"names {_told(twice)} twice"] * bool(twice)
    if wrong:
        raise NetworkError(f"{path}: {' and '.join(wrong)}; every pair of scores 1 to 5 stands there once")
    return sorted(cells, key=lambda cell: CELLS.index(cell[:2]))


def segment_names(own_map: Path) -> set[str]:
    """The segments there are: of the network's own map, else of the project's. Raises NetworkError."""
    return {segment for _, _, segment, _ in read_segment_map(own_map) or read_segment_map(PROJECT_MAP)}


def _cell(path: Path, number: int, row: dict) -> tuple[int, int, str, int]:
    try:
        r_score, f_score, rank = (int(row[name]) for name in ("r_score", "f_score", "segment_rank"))
    except (TypeError, ValueError) as error:
        raise NetworkError(f"{path}, row {number}: r_score, f_score and segment_rank are whole numbers") from error
    segment = (row["rfm_segment"] or "").strip()
    if (r_score, f_score) not in CELLS or rank < 1 or not segment:
        raise NetworkError(
            f"{path}, row {number}: scores are 1 to 5, the rank is 1 or more and the segment has a name; "
            f"found R{r_score} F{f_score}, rank {rank}, segment {segment!r}"
        )
    return r_score, f_score, segment, rank


def _told(cells: list[tuple[int, int]]) -> str:
    return ", ".join(f"R{recency}F{frequency}" for recency, frequency in cells)
