"""Exports undamaged, and damaged at random: bytes changed, cut, put in and moved, packings and workbooks spoiled."""

import gzip
import io
import random
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
LARGEST_SEED = 200_000
_TOKENS = (
    *(b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b" ", b", ", b"'", b"\\", b"\x1e"),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xe9",
        b"\x81",
        b"\xed\xa0\x80",
        b"\x85",
        b"\xe2\x80\xa8",
        b"PK\x03\x04",
        b"\x1f\x8b",
    ),
    *(b'{"', b"}", b"[", b"]", b"null", b"NaN", b"1e999", b'"\\ud800"', b'"\\u0000"', b"-", b"9" * 40, b"2026-13-45"),
    *(b"a" * 3000, b'"' * 99, b"," * 2100, b"\n" * 500, b"{" * 1200, b"[" * 1200),
    *(
        b"0000-00-00",
        b"infinity",
        b"-infinity",
        b"294247-01-10",
        b"294247-01-10T04:00:54Z",
        b"NaN",
        b"1e308",
        b"$(",
        b"location_id",
        b"order_id",
        b"99999-01-01",
        b"+24:00",
        b"T25:61:61Z",
    ),
)


def seeds(more: bool) -> list[tuple[str, bytes]]:
    """(file name, content) of undamaged exports, small ones; `more` than those in seeds/ where there are any."""
    root = HERE.parents[1]
    others = [root / "tests/unit/extract/golden", root / "demo_network/landing"]
    folders = [HERE / "seeds", *(others if more else [])]
    paths = [p for folder in folders for p in sorted(folder.rglob("*"))[:400] if p.is_file()]
    found = [(p.name, p.read_bytes()) for p in paths if p.stat().st_size <= LARGEST_SEED]
    found = [(name, content) for name, content in found if "." in name and not name.startswith(".")]
    lines = (HERE / "seeds/lines.csv").read_bytes()
    found += [("utf16.csv", lines.decode().encode("utf-16")), ("utf16le.csv", lines.decode().encode("utf-16-le"))]
    found += [("latin.csv", lines.decode().encode("cp1252")), ("marked.csv", b"\xef\xbb\xbf" + lines)]
    found += [("old_mac.csv", lines.replace(b"\n", b"\r")), ("tabs.tsv", lines.replace(b",", b"\t"))]
    return [*found, ("pipe.csv", lines.replace(b",", b"|"))]


def damaged(rng: random.Random, files: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """A file damaged one to eight times, perhaps packed, perhaps damaged once more after."""
    name, content = rng.choice(files)
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 8))):
        content = _damage(rng, content, rng.choice(files)[1])
    kind = rng.random()
    if kind < 0.08 and name.endswith((".csv", ".tsv")):
        name, content = f"{name}.gz", gzip.compress(content, mtime=0)
        content = _damage(rng, content, b"") if rng.random() < 0.5 else content
    elif kind < 0.2:
        name, content = "packed.zip", _zipped(rng, name, content, files)
        content = _damage(rng, content, b"") if rng.random() < 0.5 else content
    elif kind < 0.25 and zipfile.is_zipfile(io.BytesIO(content)):
        content = _rezipped(rng, content)
    elif kind < 0.28:
        name = f"{name.split('.')[0]}{rng.choice(('.csv', '.json', '.jsonl', '.xlsx', '.zip', '.csv.gz', '.txt'))}"
    return name, content


def _damage(rng: random.Random, content: bytes, other: bytes) -> bytes:
    at, to = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    start = rng.randrange(len(other) + 1)
    piece = other[start : start + rng.randrange(400)]
    put_in, byte = rng.choice(_TOKENS), bytes([rng.randrange(256)])
    swaps = ((b"\n", b"\r"), (b"\n", b"\r\n"), (b",", b", "), (b'"', b""), (b",", b";"))
    cells = content.split(b",")
    cells[rng.randrange(len(cells))] = put_in
    choices = [
        *[b",".join(cells)] * 2,
        *[content[:at] + put_in + content[at:]] * 3,
        content[:at] + byte + content[at + 1 :],
        content[:at] + content[to:],
        content[:to] + content[at:],
        content[:to],
        content.replace(*rng.choice(swaps)),
        content[:at] + piece + content[at:],
    ]
    return rng.choice(choices)


def _zipped(rng: random.Random, name: str, content: bytes, files: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    names = [name, rng.choice((name, "../up.csv", "/root.csv", "a/b.csv", "in.zip", "C:\\x.csv", "ü.csv", "x.csv.gz"))]
    warnings.filterwarnings("ignore", "Duplicate name")
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for member, data in zip(names, (content, rng.choice(files)[1]), strict=True):
            archive.writestr(zipfile.ZipInfo(member), data)
    return out.getvalue()


def _rezipped(rng: random.Random, content: bytes) -> bytes:
    """A workbook whose parts are damaged, not its packing."""
    out = io.BytesIO()
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        unlucky = rng.choice(old.namelist())
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, _damage(rng, data, b'<c r="XFD1048576"><v>1</v></c>') if member == unlucky else data)
    return out.getvalue()
