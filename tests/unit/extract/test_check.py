"""make check tells what each file would become, and leaves no trace."""

from dagster_project.extract.check import check_landing

LINES = "order_id,ordered_at,quantity,net_amount\n"


def test_files_are_told_with_rows_rejects_and_a_proposal_and_nothing_is_written(zone) -> None:
    zone.put("shop_1/a.csv", LINES + "o1,2026-10-05,1,4\n,2026-10-05,1,4\n")
    zone.put("shop_1/till.csv", "Receipt No,Date,Qty,Amount\n1,2026-10-05,1,4\n")
    told = "\n".join(check_landing(zone.network))
    assert "canonical_order_lines -> order_lines  shop_1/a.csv  (2 rows, 1 land, 1 rejected)" in told
    assert "row 3, order_id: empty, but required" in told
    assert "order_id: Receipt No" in told
    assert told.endswith("1 files recognised, 1 would be set aside; nothing was written")
    assert not zone.network.home.root.exists()


def test_a_landing_zone_where_nothing_is_known_yet_is_told_all_the_same(zone) -> None:
    zone.put("shop_1/till.csv", "Store,Receipt No,Date,Qty,Amount\n1,1,2026-10-05,1,4\n")
    told = list(check_landing(zone.network))
    assert told[-1].startswith("0 files recognised, 1 would be set aside")
    # The folder says whose rows they are; the till's own name for the place is no location id.
    assert not any(line.strip().startswith("location_id") for line in told)


def test_files_that_are_gone_are_told_and_whether_a_run_is_refused_for_them(zone) -> None:
    for shop in ("shop_1", "shop_2"):
        for name in ("a", "b"):
            zone.put(f"{shop}/{name}.csv", LINES + f"{shop}{name},2026-10-05,1,4\n")
    zone.land()
    (zone.folder / "landing/shop_1/a.csv").unlink()
    told = list(check_landing(zone.network))
    gone = "gone       shop_1/a.csv: gone from the landing zone, and its row with it; put it back to have them again"
    assert [line for line in told if line.startswith(("gone", "a run"))] == [gone]
    (zone.folder / "landing/shop_1/b.csv").unlink()
    [*_, refused, _] = check_landing(zone.network)
    assert refused.startswith("a run would be refused: ")
    assert "`vanished_locations: [shop_1]`" in refused
