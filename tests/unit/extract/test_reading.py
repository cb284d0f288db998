"""What is read of one file: its cells, the rows that are counted, and the lines they are told by."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from workbook import workbook

from dagster_project.errors import UnreadableFile
from dagster_project.extract import reading_text, unpacking
from dagster_project.extract.lines import lines_of
from dagster_project.extract.reading import open_table
from dagster_project.extract.tables import ROW_NUMBER, Rows, stream_rows


def read(tmp_path: Path, name: str, content: str | bytes) -> tuple[tuple[str, ...], list[list[str]], Rows]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table, rows, cells = open_table(path, name), Rows(), []
    headers = [h for h in table.header if h]
    for batch in stream_rows(table, headers, rows):
        cells += [[row[ROW_NUMBER], *(row[h] for h in headers)] for row in batch.to_pylist()]
    return table.header, cells, rows


def test_cells_of_a_sheet_are_what_a_csv_would_hold(tmp_path) -> None:
    moment = datetime(2026, 10, 5, 8, 15, 1)
    rows = [[], ["id", "n", "when"], [17850.0, 4.5, moment], [], [1e20, -0.1, moment.date()], [True, None, "007"]]
    assert read(tmp_path, "a.xlsx", workbook(rows))[:2] == (
        ("id", "n", "when"),
        [
            [1, "17850", "4.5", "2026-10-05 08:15:01"],
            [2, "1e+20", "-0.1", "2026-10-05"],
            [3, "TRUE", "", "007"],
        ],
    )


def test_a_number_is_one_whichever_decimal_mark_its_texts_have(tmp_path) -> None:
    sheet = [["a", "b"], [1.125, 1.125], ["1,5", "1,5"], [-0.00001, 2.0], [1.5e300, 0.1]]
    assert commas(tmp_path, "a.xlsx", workbook(sheet)) == [
        ["1,125", "1.125"],
        ["1,5", "1,5"],
        ["-0,00001", "2"],
        ["1,5e+300", "0.1"],
    ]
    lines = '[{"a": 1.125, "b": 1.125}, {"a": "1.125", "b": 7}, {"a": 1.5e999999, "b": 0}]'
    assert commas(tmp_path, "a.json", lines) == [["1,125", "1.125"], ["1.125", "7"], ["1,5e999999", "0"]]


def commas(tmp_path: Path, name: str, content: str | bytes) -> list[list[str]]:
    """The cells of columns a and b, the numbers of a with a comma."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    batches = stream_rows(open_table(path, name), ["a", "b"], Rows(with_comma=frozenset({"a"})))
    return [[row["a"], row["b"]] for batch in batches for row in batch.to_pylist()]


def test_objects_are_flattened_and_digits_kept(tmp_path) -> None:
    lines = (
        '{"id": 9007199254740993001, "paid": 4.10, "by": {"name": "Bo", "vip": true}}\n\n'
        'no object\n[1]\n{"id": 1e3, "tags": ["a", 2], "items": [{"sku": "x"}], "paid": null, "half": "\\ud800"}'
    )
    header, cells, rows = read(tmp_path, "a.jsonl", lines)
    assert header == ("id", "paid", "by.name", "by.vip", "tags", "items", "half")
    assert cells == [
        [1, "9007199254740993001", "4.10", "Bo", "true", "", "", ""],
        [4, "1e3", "", "", "", "a, 2", '[{"sku": "x"}]', "?"],
    ]
    assert (rows.read, rows.malformed) == (4, [(2, "no JSON object"), (3, "no JSON object")])


def test_physical_rows_are_counted_across_quoted_lines_and_malformed_ones(tmp_path) -> None:
    text = 'a,b\n1,"x\ny"\n\n2\r3,"say ""hi""\r\n"\n4,5,6\n"7,8\n9,10,"11'
    # Row 5 begins with a quote that the last one closes by chance: one row, said to be suspicious.
    _, cells, rows = read(tmp_path, "a.csv", text)
    assert cells == [[1, "1", "x\ny"], [3, "3", 'say "hi"\r\n']]
    assert (rows.read, rows.malformed) == (
        5,
        [
            (2, "1 cells where the header has 2"),
            (4, "3 cells where the header has 2"),
            (5, "1 cells where the header has 2, over 2 lines; a quote may be missing"),
        ],
    )


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("plain.csv", "a,b\n1,2\n3,4\n", [2, 3]),
        ("titles.csv", "Report\n\na,b\n1,2\n3,4", [4, 5]),
        ("two_titles.csv", "Till 4.2,,,\nShop: Nord,October,,\na,b,c,d\n1,2,3,4\n3,4,5,6", [4, 5]),
        ("blank.csv", "a,b\r\n\r\n1,2\r\n\r\n3,4\r\n\r\n", [3, 5]),
        ("mac.csv", 'a,b\r1,"x\ry"\r\r3,4', [2, 5]),
        ("spaced.csv", 'a, b\n1, "x\ny"\n3, "4"\n', [2, 4]),
        ("a.jsonl", '{"a": 1}\n\n{"a": 2}', [1, 3]),
        ("a.json", '[\n{"a": 1},\n{"a": 2}]', [1, 2]),
        ("a.xlsx", workbook([[], ["Report"], ["a", "b"], [1, 2], [], [3, 4]]), [4, 6]),
    ],
)
def test_a_row_is_told_by_the_line_an_editor_shows(tmp_path, monkeypatch, name, content, lines) -> None:
    # Chunks of a few bytes: line ends come to lie across their borders.
    monkeypatch.setattr(unpacking, "CHUNK", 3)
    rows = read(tmp_path, name, content)[2]
    table = open_table(tmp_path / name, name)
    assert lines_of(table, rows.read, np.arange(1, rows.read + 1)).tolist() == lines
    assert lines_of(table, rows.read, np.array([2])).tolist() == lines[1:]


def test_no_record_is_taken_for_a_title(tmp_path) -> None:
    # Two tables in one file: the upper one is no contract's, and its rows must not vanish.
    sales = "order_id,day,net_amount,currency\no1,2026-10-05,4,USD\n"
    text = "shift,name\n1,Ann\n2,Bob\n" + sales

    def fits(header: tuple[str, ...]) -> bool:
        return "order_id" in header

    wide = text.replace("\n", ",x,y\n", 3)
    (tmp_path / "a.csv").write_text(wide)
    assert open_table(tmp_path / "a.csv", "a.csv", None, fits).header == ("shift", "name", "x", "y")
    (tmp_path / "b.csv").write_text("\n" * 21 + sales.replace("order_id", "id") + sales)
    assert open_table(tmp_path / "b.csv", "b.csv", None, fits).header[0] == "id"
    (tmp_path / "c.csv").write_text("title\n" * 21 + sales)
    assert open_table(tmp_path / "c.csv", "c.csv", None, fits).header == ("title",)


def test_malformed_rows_keep_their_numbers_across_blocks(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(reading_text, "CHUNK", 1_000)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join("1,2,3\n" if n % 97 == 0 else "12345,789\n" for n in range(1, 20_001)))
    rows, numbers = Rows(), []
    for batch in stream_rows(open_table(path, "a.csv"), ["b"], rows):
        numbers += batch[ROW_NUMBER].to_pylist()
    malformed = list(range(97, 20_001, 97))
    assert (rows.read, [n for n, _ in rows.malformed]) == (20_000, malformed)
    assert numbers == sorted(set(range(1, 20_001)) - set(malformed))


def test_a_quote_left_open_sets_the_file_aside(tmp_path) -> None:
    for text in ('a,b\n1,2\n3,"4\n5,6\n', 'a,b\n"1,2\n', 'a, b\n1, "2"\n3, "4\n'):
        with pytest.raises(UnreadableFile, match="never closed"):
            read(tmp_path, "a.csv", text)
