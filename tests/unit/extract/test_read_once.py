"""A file is read once, a batch of rows at a time: what a night costs goes by what is new."""

from dagster_project.extract import reading_text, typing_batches
from dagster_project.extract.typing_batches import TypingBatches

LINES = "order_id,line_id,ordered_at,quantity,net_amount,source_customer_id\n"


def test_a_run_with_nothing_new_opens_no_old_file(zone, monkeypatch) -> None:
    zone.put("shop_1/a.csv", LINES + "o1,1,2026-10-05T08:15:00,1,4.50,kate\n")
    zone.land()

    def opened(*_: object) -> None:
        raise AssertionError("an old file was opened")

    monkeypatch.setattr("dagster_project.extract.land.open_table", opened)
    monkeypatch.setattr("dagster_project.extract.listing._sha256", opened)
    zone.land()


def test_a_night_holds_a_batch_of_rows_at_most_however_long_a_file_or_a_history_is(zone, monkeypatch) -> None:
    """What is typed at once bounds the memory: not a file's rows, and not those of the nights before."""
    typed: list[int] = []
    type_rows = TypingBatches._type

    def watched(batches, queries, slices) -> None:
        typed.append(sum(piece.cells.num_rows for piece in slices))
        type_rows(batches, queries, slices)

    monkeypatch.setattr(TypingBatches, "_type", watched)
    monkeypatch.setattr(typing_batches, "BATCH_ROWS", 1_000)
    monkeypatch.setattr(reading_text, "CHUNK", 1 << 16)
    rows = [f"o{n},1,2026-10-05T08:15:00,1,4.50,\n" for n in range(40_000)]
    zone.put("shop_1/long.csv", LINES + "".join(rows))
    for shop in range(30):
        zone.put(f"shop_1/{shop}.csv", LINES + "".join(rows[shop * 100 : shop * 100 + 90]))
    zone.land()
    assert sum(typed) == 40_000 + 30 * 90
    # A batch is full with the slice that fills it: here 64 KiB of a file, some 2,000 of its rows.
    assert max(typed) < 4_000
    typed.clear()
    zone.put("shop_1/today.csv", LINES + "n1,1,2026-10-06T08:15:00,1,4.50,\n")
    zone.land()
    assert typed == [1]
