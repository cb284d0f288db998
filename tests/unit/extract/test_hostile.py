"""Hostile and broken files are set aside by name, nothing of them is left behind, and the run goes on."""

import gzip
import io
import json
import zipfile
from pathlib import Path

from workbook import workbook

from dagster_project.extract import (
    listing,
    reading_json,
    reading_sheets,
    reading_text,
    tables,
    typing_batches,
    unpacking,
)

HEADER = "order_id,ordered_at,quantity,net_amount,customer_name\n"
GOOD = HEADER + "o1,2026-10-05,1,4.50,Zuzana\n"


def zipped(files: dict[str, str | bytes], flags: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = flags << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def far_cell() -> bytes:
    return workbook([["order_id"], ["o1"]], extra='<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


BOMB = b"order_id,ordered_at,quantity,net_amount\n" + b"o1,2026-10-05,1,4.50\n" * 1_000_000
SET_ASIDE = {
    "zero_bytes.csv": (HEADER.encode() + b"o1,2026-10-05,1,4.50,\0\n", "zero bytes|no text file"),
    "utf16_zero.csv": ((HEADER + "o1,2026-10-05,1,4.50,\0\n").encode("utf-16"), "zero bytes"),
    "half_utf16.csv": (GOOD.encode("utf-16")[:-1], "neither UTF-8"),
    "huge_cell.csv": (HEADER + "o1,2026-10-05,1,4.50," + "Z" * 10_000_000 + "\n", "no end of a row within 4 MiB"),
    "big_cell.csv": (HEADER + "o1,2026-10-05,1,4.50," + "Z" * 200_000 + "\n", "row 2, column 'customer_name'"),
    "big_cell_spaced.csv": (
        HEADER.replace(",", ", ") + 'o1, 2026-10-05, 1, 4.50, "' + "Z" * 200_000,
        "more than 131,072",
    ),
    "huge_line.jsonl": ('{"order_id": "' + "Z" * 5_000_000 + '"}', "longer than 4 MiB"),
    "huge_header.csv": ("a" * 300_000 + "," + HEADER, "a header of more than 256 KiB"),
    "wide.csv": (",".join(f"c{n}" for n in range(10_000)) + "\n", "more than 2,000 columns"),
    "wide.jsonl": (json.dumps({f"c{n}": 1 for n in range(10_000)}), "more than 2,000 columns"),
    "only_malformed.csv": (HEADER + "o1\no2\n", "none of its 2 rows can be read"),
    "bomb.csv.gz": (gzip.compress(BOMB), "unpacks to more than 200 times its size"),
    "bomb.zip": (zipped({"a.csv": BOMB}), "unpacks to more than 200 times its size"),
    "nested.zip": (zipped({"in.zip": zipped({"a.csv": GOOD})}), "an archive within an archive"),
    "disguised.csv.gz": (gzip.compress(gzip.compress(GOOD.encode())), "an archive within an archive"),
    "up.zip": (zipped({"../../up.csv": GOOD}), "a path that leads out of its archive"),
    "root.zip": (zipped({"/etc/root.csv": GOOD}), "a path that leads out of its archive"),
    "drive.zip": (zipped({"C:\\drive.csv": GOOD}), "a path that leads out of its archive"),
    "link.zip": (zipped({"link.csv": "/etc/passwd"}, flags=0o120777), "a link in an archive"),
    "empty.zip": (zipped({}), "an archive without files"),
    "cut.zip": (zipped({"a.csv": GOOD})[:-30], "cannot be decompressed"),
    "many.zip": (zipped({f"{n}.csv": "" for n in range(1_001)}), "more than 1,000 files"),
    "no_zip.zip": (GOOD, "cannot be decompressed"),
    "deep.json": ("[" * 100_000 + "]" * 100_000, "no valid JSON"),
    "two_lists.json": ('{"a": [{"x": 1}], "b": [{"y": 1}]}', "2 lists of objects"),
    "scalars.json": ("[1, 2]", "0 lists of objects"),
    "far_cell.xlsx": (far_cell(), "a sheet of more than 10,000,000 cells"),
    "two_sheets.xlsx": (workbook([["a"], [1]], [["b"], [2]]), "2 filled sheets"),
    "no_sheet.xlsx": (workbook([]), "without a filled sheet"),
    "old.xlsx": (b"\xd0\xcf\x11\xe0" + bytes(600), "a damaged workbook"),
    "other.xlsx": (zipped({"a.csv": GOOD}), "no .xlsx workbook"),
}


def test_hostile_files_are_set_aside_and_the_run_goes_on(zone) -> None:
    zone.put("shop_1/good.csv", GOOD)
    for name, (content, _) in SET_ASIDE.items():
        zone.put(f"shop_2/{name}", content)
    landed = zone.land()
    assert zone.rows("order_lines", "order_id") == [("o1",)]
    reasons = {e.path.partition("!")[0].removeprefix("shop_2/"): e.reason for e in landed.set_aside}
    assert set(reasons) == set(SET_ASIDE)
    for name, (_, expected) in SET_ASIDE.items():
        assert any(part in reasons[name] for part in expected.split("|")), (name, reasons[name])
        assert reasons[name].startswith(f"shop_2/{name}")
        assert "Zuzana" not in reasons[name]
        assert "ZZZZ" not in reasons[name]
    assert not list(zone.network.home.root.rglob("*.new"))
    assert len(list(zone.network.home.lake.glob("landed/*/*"))) == 1


def test_limits_on_bytes_rows_and_malformed_rows_hold(zone, monkeypatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_TEXT_BYTES", 10_000)
    monkeypatch.setattr(tables, "MAX_ROWS", 5)
    monkeypatch.setattr(tables, "MAX_MALFORMED", 2)
    monkeypatch.setattr(reading_text, "MAX_MALFORMED", 2)
    monkeypatch.setattr(reading_json, "MAX_WHOLE_BYTES", 2_000)
    monkeypatch.setattr(reading_sheets, "MAX_WHOLE_BYTES", 1_000)
    line = GOOD.splitlines()[1] + "\n"
    objects = [dict(zip(HEADER.strip().split(","), line.strip().split(","), strict=True))] * 30
    zone.put("shop_1/rows.csv", HEADER + line * 6)
    zone.put("shop_1/enough.csv", HEADER + line * 5)
    zone.put("shop_1/malformed.csv", HEADER + line + "o1\n" * 3)
    zone.put("shop_1/malformed.jsonl", json.dumps(objects[0]) + "\nx" * 3)
    zone.put("shop_1/objects.json", json.dumps(objects))
    zone.put("shop_1/sheet.xlsx", workbook([["a"], [1]]))
    landed = zone.land()
    reasons = {Path(e.path).name: e.reason.partition(": ")[2] for e in landed.set_aside}
    assert reasons == {
        "rows.csv": "more than 5 rows; deliver it in parts",
        "malformed.csv": "more than 2 rows do not fit the header, the first is row 3; ask for the export again",
        "malformed.jsonl": "more than 2 rows do not fit the header, the first is row 2; ask for the export again",
        "objects.json": "more than 1 KiB unpacked; deliver it in parts",
        "sheet.xlsx": "more than 1000 bytes unpacked; deliver it in parts",
    }
    assert zone.entry(landed, "shop_1/enough.csv").rows_landed == 5


def test_a_declared_size_is_not_believed(zone) -> None:
    content = bytearray(zipped({"a.csv": BOMB}))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = (100).to_bytes(4, "little")
    zone.put("shop_1/liar.zip", bytes(content))
    zone.put("shop_2/good.csv", GOOD)
    landed = zone.land()
    assert [e.path.partition("!")[0] for e in landed.set_aside] == ["shop_1/liar.zip"]


def test_what_fails_at_its_end_leaves_nothing_behind(zone, monkeypatch) -> None:
    monkeypatch.setattr(typing_batches, "BATCH_ROWS", 1_000)
    monkeypatch.setattr(reading_text, "CHUNK", 1 << 14)
    lines = "".join(f"o{n},2026-10-05,1,4.50,Kate\n" for n in range(5_000))
    zone.put("shop_1/open_quote.csv", HEADER + lines + 'o,2026-10-05,1,4.50,"Kate\n')
    zone.put("shop_2/good.csv", GOOD)
    landed = zone.land()
    assert [e.path for e in landed.set_aside] == ["shop_1/open_quote.csv"]
    assert [p.stem for p in zone.network.home.lake.glob("landed/*/*")] == [
        zone.entry(landed, "shop_2/good.csv").file_key
    ]


def test_moments_out_of_this_world_reject_their_row(zone) -> None:
    header = "order_id,ordered_at,business_date,quantity,net_amount\n"
    moments = ["infinity", "-infinity", "294247-01-10", "294247-01-10T04:00:54Z", "290000-01-01 (BC)", "0001-01-01"]
    rows = [f"o{n},{at},,1,4\n" for n, at in enumerate(moments)] + [
        f"d{n},2026-10-05,{at},1,4\n" for n, at in enumerate(moments)
    ]
    zone.put("shop_1/a.csv", header + "good,2026-10-05,2026-10-05,1,4\n" + "".join(rows))
    entry = zone.entry(zone.land(), "shop_1/a.csv")
    assert (entry.rows_read, entry.rows_landed, entry.rows_rejected) == (13, 1, 12)


def test_a_value_the_engine_stumbles_over_costs_its_file_alone(zone, monkeypatch) -> None:
    plain = typing_batches.typing_query

    def stumbling(contract, header, dates):
        guard = "case when \"customer_name\" = 'Zuzana 9' then error('Zuzana') else \"customer_name\" end"
        return plain(contract, header, dates).replace('"customer_name" as', f"{guard} as", 1)

    monkeypatch.setattr(typing_batches, "typing_query", stumbling)
    for shop in range(3):
        zone.put(f"shop_{shop}/a.csv", GOOD + f"o2,2026-10-06,1,4.50,Zuzana {shop + 8}\n")
    landed = zone.land()
    assert [e.path for e in landed.set_aside] == ["shop_1/a.csv"]
    assert "cannot be typed" in landed.set_aside[0].reason
    assert "Zuzana" not in landed.set_aside[0].reason
    assert len(zone.rows("order_lines", "order_id")) == 4
    assert not list(zone.network.home.root.rglob("*.new"))


def test_a_file_that_vanishes_while_it_is_listed_stops_nothing(zone, monkeypatch) -> None:
    zone.put("shop_1/good.csv", GOOD)
    zone.put("shop_2/gone.csv", GOOD)
    digest = listing._sha256

    def vanishing(path: Path) -> str:
        if path.name == "gone.csv":
            raise FileNotFoundError(path)
        return digest(path)

    monkeypatch.setattr(listing, "_sha256", vanishing)
    landed = zone.land()
    assert [e.path for e in landed.set_aside] == ["shop_2/gone.csv"]
    monkeypatch.undo()
    assert not zone.land().set_aside


def test_a_file_without_a_row_for_its_further_feeds_stops_nothing(zone) -> None:
    """A list of people who never said yes or no has nothing for the consents that members also make."""
    header = "Email,First Name,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions,Country\n"
    zone.put("hq/klaviyo.csv", header + "ann@example.com,Ann,NEVER_SUBSCRIBED,,,US\n")
    zone.put("shop_1/a.csv", GOOD)
    landed = zone.land()
    assert zone.entry(landed, "shop_1/a.csv").rows_landed == GOOD.count("\n") - 1
    assert [e.rows_read for e in landed.entries if e.part] == [0, 0]
