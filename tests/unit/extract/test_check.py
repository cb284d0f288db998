"""make check tells what each file would become, and leaves no trace."""

import re

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


def test_rows_that_a_contract_skips_are_counted_apart_from_rejects(zone) -> None:
    (zone.folder / "sources").mkdir()
    (zone.folder / "sources/own.yaml").write_text(
        "name: own\nsource: own\nfeed: order_lines\nrecognise: [Bon, When, Qty, Sum]\n"
        "skip:\n  - {when: {Bon: {starts_with: Totaal}}, reason: the day's total}\n"
        "columns: {order_id: Bon, ordered_at: When, quantity: Qty, net_amount: Sum}\n"
    )
    rows = ["1,2026-10-05,1,4", "Totaal,2026-10-05,1,4", "Totaal,2026-10-06,1,4", "2,2026-10-06,x,4"]
    zone.put("leiden/a.csv", "\n".join(["Bon,When,Qty,Sum", *rows, ""]))
    told = list(check_landing(zone.network))
    assert told[1:3] == ["    row 5, quantity: not a decimal", "    2 rows skipped: the day's total"]


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


OWN_LIST = "customer_id,name,e-mail\n71,Ann Lee,ann@example.org\n72,Bob Day,bob@example.org\n"
OWN_TILL = "Receipt No,Date,Item,Qty,Amount,Customer No\n1,2026-10-05,Tea,1,4,71\n2,2026-10-05,Tea,1,4,\n"


def saved(told: str) -> dict[str, str]:
    """Proposed contracts by their file's name."""
    blocks = re.split(r"\n(?:set aside|\d+ files)|# A contract to start from: save as sources/", told)
    return {block.partition(" ")[0]: block.partition("\n")[2] for block in blocks if block.startswith("my_pos")}


def test_receipts_of_the_customers_a_list_tells_count_their_ids_for_the_whole_network(zone) -> None:
    zone.put("alkmaar/till.csv", OWN_TILL)
    zone.put("hq/people.csv", OWN_LIST)
    contracts = saved("\n".join(check_landing(zone.network)))
    (zone.folder / "sources").mkdir()
    for name, text in contracts.items():
        (zone.folder / "sources" / name).write_text(text)
    told = list(check_landing(zone.network))
    assert [line.partition("  ")[0] for line in told[:-1]] == ["my_pos -> customers", "my_pos_2 -> order_lines"]
    # Said of one location alone, the list's people and the receipts' would never meet.
    (zone.folder / "sources/my_pos_2.yaml").write_text(
        contracts["my_pos_2.yaml"].replace("customer_id_scope: network\n", "")
    )
    assert [line for line in check_landing(zone.network) if line.startswith("in doubt: my_pos lists the whole")]


def test_of_a_feeds_own_names_an_id_alone_is_anybodys_export(zone) -> None:
    zone.put("hq/products.csv", "product_id,Bezeichnung,VK\n1,Tee,4\n")
    zone.put("hq/list.csv", "product_id\n1\n")
    told = "\n".join(check_landing(zone.network))
    assert "canonical_products -> products  hq/list.csv" in told
    assert "set aside  hq/products.csv: no source contract knows this header" in told
    assert "  name: Bezeichnung\n  list_price: VK" in told
