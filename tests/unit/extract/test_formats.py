"""The same lines in every format, encoding and disfigurement land the same."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from workbook import workbook

HEADER = ["order_id", "line_id", "ordered_at", "quantity", "net_amount", "customer_name"]
LINES = [
    ["9007199254740993001", "1", "2026-10-05T08:15:00", "1", "4.50", "Zoë, the first"],
    ["o2", "1", "2026-10-06", "2", "3.25", 'Bo "B" Lee'],
]
EXPECTED = [
    ("9007199254740993001", datetime(2026, 10, 5, 8, 15), Decimal("4.5000"), "Zoë, the first"),
    ("o2", datetime(2026, 10, 6), Decimal("3.2500"), 'Bo "B" Lee'),
]


def text_of(rows: Iterable[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def wrapped(text: str) -> str:
    return "".join('"' + line.replace('"', '""') + '"\n' for line in text.splitlines())


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


CSV = text_of([HEADER, *LINES])
OBJECTS = [dict(zip(HEADER, line, strict=True)) for line in LINES]
SAME = {
    "bom.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "latin.csv": CSV.encode("cp1252"),
    "utf16.csv": CSV.encode("utf-16"),
    "utf16_big.csv": b"\xfe\xff" + CSV.encode("utf-16-be"),
    "utf16_unmarked.csv": CSV.encode("utf-16-le"),
    "semicolon.csv": text_of([HEADER, *LINES], ";"),
    "pipe.csv": text_of([HEADER, *LINES], "|"),
    "tabs.tsv": text_of([HEADER, *LINES], "\t"),
    "packed.tsv.gz": gzip.compress(text_of([HEADER, *LINES], "\t").encode()),
    "old_mac.csv": text_of([HEADER, *LINES], end="\r"),
    "windows.csv": text_of([HEADER, *LINES], end="\r\n"),
    "no_last_end.csv": CSV.removesuffix("\n"),
    "blank_lines.csv": "\n\r\n" + CSV.replace("\n", "\n\n") + "\n\n",
    "quoted_header_line.csv": '"' + ",".join(HEADER) + '"\n' + text_of(LINES),
    "quoted_lines.csv": wrapped(CSV),
    "quoted_rows_plain_header.csv": ",".join(HEADER) + "\n" + wrapped(text_of(LINES)),
    "blank_after_comma.csv": "order_id, line_id, ordered_at, quantity, net_amount, customer_name\n"
    '9007199254740993001, 1, 2026-10-05T08:15:00, 1, 4.50, "Zoë, the first"\n'
    'o2, 1, 2026-10-06, 2, 3.25, "Bo ""B"" Lee"\n',
    "quoted_delimiter_in_header.csv": text_of([[*HEADER, "a, b, c; d"], *[[*line, ""] for line in LINES]], ";"),
    "told_separator.csv": "sep=;\r\n" + text_of([HEADER, *LINES], ";"),
    "told_tab.csv": b"\xef\xbb\xbf" + ('"SEP=\t"\n' + text_of([HEADER, *LINES], "\t")).encode(),
    "title.csv": "Sales of October\n" + CSV,
    "titles.csv": 'sep=;\nKassenbericht "Nord\n\nvon;1.10.2026;bis;\n'
    + text_of([[*HEADER, "", ""]], ";")
    # What stands above has other widths, and other delimiters within.
    + text_of([[*line, "", ""] for line in LINES], ";"),
    "title.xlsx": workbook([["Sales of October"], [], ["Shop", "Nord"], HEADER, *LINES]),
    "list.json": json.dumps(OBJECTS),
    "data.json": json.dumps({"data": OBJECTS, "page": {"next": None}}),
    "deep.json": json.dumps({"result": {"orders": OBJECTS}}).encode("utf-16"),
    "lines.jsonl": "\n".join(json.dumps(o, ensure_ascii=False) for o in OBJECTS),
    "sheet.xlsx": workbook([HEADER, *LINES]),
    "archive.zip": zipped(**{"2026/oct.csv": CSV}),
}


def test_every_format_lands_the_same_lines(zone) -> None:
    for name, content in SAME.items():
        zone.put(f"from {name}/{name}", content)
    landed = zone.land()
    columns = "order_id, event_local_at, net_amount, customer_name"
    found: dict[str, list[tuple]] = {}
    for location, *line in zone.rows("order_lines", f"location_id, {columns}", "location_id, row_number"):
        found.setdefault(location, []).append(tuple(line))
    assert [(e.path, e.reason) for e in landed.set_aside] == []
    assert found == {f"from {name}": EXPECTED for name in SAME}


def test_a_byte_order_mark_between_header_and_rows_is_no_part_of_the_first_cell(zone) -> None:
    # A header put before an export that began with one.
    header, _, rows = text_of([HEADER, *LINES]).partition("\n")
    zone.put("shop_1/a.csv", f"{header}\n\ufeff{rows}".encode())
    entry = zone.entry(zone.land(), "shop_1/a.csv")
    assert (entry.rows_landed, entry.rows_rejected) == (2, 0)
    assert zone.rows("order_lines", "order_id", "row_number") == [(LINES[0][0],), ("o2",)]


def test_members_of_an_archive_are_files_of_their_own(zone) -> None:
    zone.put(
        "shop_1/all.zip",
        zipped(
            **{"sales/oct.csv": CSV, "sales/copy.csv": CSV, "guests.json": "[]", "__MACOSX/x.csv": "x", "note.txt": ""}
        ),
    )
    landed = zone.land()
    found = {e.path: (e.status, e.rows_read, e.rows_landed, e.rows_duplicate) for e in landed.entries}
    assert found == {
        "shop_1/all.zip!guests.json": ("rejected", 0, 0, 0),
        "shop_1/all.zip!note.txt": ("rejected", 0, 0, 0),
        "shop_1/all.zip!sales/copy.csv": ("landed", 2, 2, 0),
        "shop_1/all.zip!sales/oct.csv": ("duplicate", 2, 0, 2),
    }
    again = zone.land()
    assert [(e.path, e.status) for e in again.entries] == [(e.path, e.status) for e in landed.entries]
