"""What must hold for any bytes and any order of deliveries."""

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_zone import LandingZone

from dagster_project.errors import UnreadableFile
from dagster_project.extract import reading_text
from dagster_project.extract.reading import open_table
from dagster_project.extract.tables import ROW_NUMBER, Rows, stream_rows

# The same examples on every run: a failure is the change's, not chance's.
QUICK = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PIECES = st.sampled_from(["a", "1", ",", ",", ";", '"', '"', "\n", "\n", "\r", "\r\n", " ", "é", "\t", "\x1e", "\x00"])
# Swallowed by a quote that is still open at the end of a text.
END = "the,end,of it"
TEXTS = st.lists(PIECES, max_size=60).map("".join)


def account(name: str, content: bytes) -> tuple[Rows, list[int]] | None:
    """Read a file wholly: what it found and the numbers of its good rows; None when it is set aside."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        rows, numbers = Rows(), []
        try:
            table = open_table(path, name)
            for batch in stream_rows(table, list(dict.fromkeys(table.header)), rows):
                numbers += batch[ROW_NUMBER].to_pylist()
        except UnreadableFile as reason:
            said = str(reason)
        else:
            return rows, numbers
    assert said.startswith(f"{name}: ")
    return None


def assert_complete(found: tuple[Rows, list[int]] | None) -> None:
    if found is not None:
        rows, numbers = found
        assert sorted([*numbers, *(n for n, _ in rows.malformed)]) == list(range(1, rows.read + 1))
        assert numbers == sorted(numbers)


@QUICK
@given(
    content=st.binary(max_size=200), name=st.sampled_from(["a.csv", "a.csv.gz", "a.xlsx", "a.json", "a.jsonl", "a.zip"])
)
def test_any_bytes_are_accounted_for_or_set_aside(content, name) -> None:
    assert_complete(account(name, content))
    if name.endswith(".gz"):
        assert_complete(account(name, gzip.compress(content)))


@QUICK
@given(
    head=st.sampled_from(["a,b\n", "a;b\r\n", '"a,b"\n', "a, b\r", "x\n", ""]), body=TEXTS, chunk=st.integers(16, 64)
)
def test_any_text_is_accounted_for_as_the_csv_module_counts_it(monkeypatch, head, body, chunk) -> None:
    # Tiny blocks: every kind of row comes to lie across a border.
    monkeypatch.setattr(reading_text, "CHUNK", chunk)
    found = account("a.csv", (head + body).encode())
    assert_complete(found)
    rows = [row for row in csv.reader(io.StringIO(f"{body}\n{END}\n", newline="")) if row]
    # Rows quoted whole and blanks before quotes are read as more than the csv module alone makes of them.
    if head == "a,b\n" and " " not in body and len(rows[0]) > 1:
        is_open = rows.pop() != END.split(",")
        assert (found is None) == (is_open or "\x00" in body)
        if found is not None:
            good = [n for n, row in enumerate(rows, start=1) if len(row) == 2]
            assert (found[0].read, found[1]) == (len(rows), good)


SCALARS = st.sampled_from([None, True, -0.0, 1e300, "", "x", "\ud800", "\0", "é"])
KEYS = st.sampled_from(["a", "b", "a.b", "", " a", "\udfff"])
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(KEYS, SCALARS, max_size=2)
ITEMS = SCALARS | st.dictionaries(KEYS, VALUES, max_size=3)


@QUICK
@given(items=st.lists(ITEMS, max_size=6))
def test_any_objects_are_accounted_for(items) -> None:
    lines = [json.dumps(item) for item in items]
    for name, content in (("a.jsonl", "\n".join(lines)), ("a.json", f"[{','.join(lines)}]")):
        found = account(name, content.encode())
        assert_complete(found)
        assert found is None or found[0].read == len(items)


ORDERS = st.lists(
    st.tuples(st.integers(1, 28), st.lists(st.sampled_from(["Tea", "Bun", "Pie"]), min_size=1, max_size=3)),
    min_size=1,
    max_size=8,
)
SHOPS = st.lists(
    st.tuples(
        ORDERS,
        st.lists(st.tuples(st.integers(1, 28), st.integers(1, 28)), max_size=4),
        st.randoms(use_true_random=False),
    ),
    min_size=8,
    max_size=8,
)


def export(orders: list[tuple[int, list[str]]], first: int, last: int) -> str:
    lines = [
        f"o{number},2026-10-{day:02}T08:00:00,1,4.00,{item}\n"
        for number, (day, items) in enumerate(orders)
        if first <= day <= last
        for item in items
    ]
    return "order_id,ordered_at,quantity,net_amount,product_name\n" + "".join(lines) if lines else ""


@settings(parent=QUICK, max_examples=2)
@given(shops=SHOPS)
def test_order_overlap_and_redelivery_change_nothing(shops) -> None:
    with tempfile.TemporaryDirectory() as once, tempfile.TemporaryDirectory() as often:
        whole, pieces = LandingZone(Path(once)), LandingZone(Path(often))
        nights: list[list[tuple[str, str]]] = [[], []]
        for shop, (orders, windows, chance) in enumerate(shops):
            whole.put(f"shop_{shop}/all.csv", export(orders, 1, 28))
            border = chance.randint(1, 28)
            exports = [(1, border), (border + 1, 28), *(tuple(sorted(window)) for window in windows)]
            deliveries = [export(orders, *window) for window in [*exports, exports[0]]]
            for number, content in enumerate(filter(None, chance.sample(deliveries, len(deliveries)))):
                chance.choice(nights).append((f"shop_{shop}/{number}.csv", content))
        whole.land()
        for night in filter(None, nights):
            for path, content in night:
                pieces.put(path, content)
            pieces.land()
        columns = "location_id, order_id, product_name, event_local_at"
        assert pieces.rows("order_lines", columns) == whole.rows("order_lines", columns)
        assert len(whole.rows("order_lines", columns)) == sum(len(items) for orders, *_ in shops for _, items in orders)
