"""What is told of a contract that is wrong, of a file that nearly fits one, and held of those of the project."""

import json
from decimal import Decimal

import pytest

from dagster_project.errors import ContractError, UnreadableFile
from dagster_project.extract.check import check_landing
from dagster_project.extract.contracts import contract_schema, load_contracts, read_contract
from dagster_project.extract.recognise import recognise
from dagster_project.feeds import SOURCES, load_feeds

HEAD = "name: own\nsource: own\nfeed: order_lines\nrecognise: [Bon, When, Qty, Sum]\n"
REQUIRED = "columns:\n  order_id: Bon\n  ordered_at: When\n  quantity: Qty\n  net_amount: Sum\n"


@pytest.mark.parametrize(
    ("rules", "decides"),
    [
        ("net_amount: {from: Sum, subtract: [More]}", "net_amount"),
        ("net_amount: {from: Sum, net_of_rate: More}", "net_amount"),
        ("net_amount: {add: [Sum, More]}", "net_amount"),
        ("net_amount: {from: Sum, zero_when: [{More: {is_true: true}}]}", "net_amount"),
        ("net_amount: Sum\n  gross_amount: {multiply: [Qty, More]}", "gross_amount"),
        ("net_amount: Sum\n  kind: {cases: [{when: {More: {is_in: [storno]}}, then: void}], otherwise: sale}", "kind"),
        ("net_amount: Sum\n  kind: {from: More, values: {storno: void}}", "kind"),
        ("net_amount: Sum\n  line_id: More", "line_id"),
        ("net_amount: Sum\nskip: [{when: {More: {is_in: [total]}}, reason: total}]", "which rows are skipped"),
    ],
)
def test_a_header_that_decides_a_value_must_be_there(tmp_path, rules, decides) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(HEAD + REQUIRED.replace("net_amount: Sum", rules))
    header = ("Bon", "When", "Qty", "Sum")
    with pytest.raises(UnreadableFile) as refused:
        recognise("shop_1/a.csv", header, {"own": read_contract(file)}, None)
    assert str(refused.value).startswith(f"shop_1/a.csv: nearly own, without 'More' (decides {decides}).")
    file.write_text(HEAD + "optional: [More]\n" + REQUIRED.replace("net_amount: Sum", rules))
    assert recognise("shop_1/a.csv", header, {"own": read_contract(file)}, None).name == "own"


def test_a_file_that_nearly_fits_is_set_aside_with_the_line_to_add_and_no_draft(zone) -> None:
    own = zone.folder / "sources/own.yaml"
    own.parent.mkdir()
    own.write_text(HEAD + REQUIRED.replace("Sum\n", "{from: Sum, subtract: [More]}\n"))
    zone.put("shop_1/a.csv", "Bon;When;Qty;Sum;Mehr\n1;2026-10-05;1;4;1\n")
    told = list(check_landing(zone.network))
    assert "`aliases: {More: [Mehr]}`" in told[0]
    assert told[1:] == ["0 files recognised, 1 would be set aside; nothing was written"]
    own.write_text(HEAD + "aliases: {More: [Mehr]}\n" + REQUIRED.replace("Sum\n", "{from: Sum, subtract: [More]}\n"))
    zone.put("shop_1/a.csv", "Bon;When;Qty;Sum;Mehr\n1;2026-10-05;1;4;1\n")
    zone.land()
    assert zone.rows("order_lines", "net_amount") == [(Decimal(3),)]


@pytest.mark.parametrize(
    ("contract", "told"),
    [
        (HEAD + REQUIRED.replace("  net_amount: Sum\n", ""), "requires net_amount"),
        (HEAD + REQUIRED + "  colour: More\n", "'colour' is no column of feed order_lines"),
        (HEAD.replace("order_lines", "orderlines") + REQUIRED, "feed is 'orderlines'"),
        (HEAD + REQUIRED + "  kind: {from: More, valeus: {a: sale}}\n", "columns.kind.valeus: no such key"),
        (HEAD + REQUIRED + "  kind: {from: More, values: {yes: sale}}\n", "put it in quotes"),
        (HEAD + REQUIRED + "  kind: {from: More, constant: sale}\n", "exactly one of from"),
        (HEAD + "replace: [order_id]\n" + REQUIRED + "  line_id: More\n", "leave replace out"),
        (HEAD + "zone: Mars\n" + REQUIRED, "zone is 'Mars'"),
        (HEAD.replace("Bon", "No") + REQUIRED, "recognise.0: YAML reads this as False; put it in quotes"),
        (HEAD + REQUIRED.replace("Bon", "No"), "columns.order_id: YAML reads this as False; put it in quotes"),
        (HEAD + "skip: [{when: {More: {matches: '(?=x)'}}}]\n" + REQUIRED, "no regular expression that RE2 reads"),
        (HEAD + "optional: [Bon]\nfill_down: {by: Bon, columns: [When]}\n" + REQUIRED, "take it out of optional"),
        (HEAD + "rows: first\nfill_down: {by: Bon, columns: [When]}\n" + REQUIRED, "name it under also"),
        (HEAD + REQUIRED + "  quantity: Pcs\n", "line 10: `quantity` stands here and on line 8; keep one of them"),
        (
            HEAD + REQUIRED + "  kind: {from: A, values: {a: sale, a: void}}\n",
            "line 10: `a` stands here and on line 10",
        ),
        ("name: [", "not readable as YAML: line 2: did not find"),
        ("nothing", "not a source contract"),
    ],
)
def test_a_wrong_contract_is_told_what_is_wrong(tmp_path, contract: str, told: str) -> None:
    (tmp_path / "own.yaml").write_text(contract)
    with pytest.raises(ContractError, match=r"own\.yaml") as error:
        read_contract(tmp_path / "own.yaml")
    assert told in str(error.value)


def test_every_wrong_contract_is_told_and_every_mistake_in_it(zone) -> None:
    (zone.folder / "sources").mkdir()
    (zone.folder / "sources/a.yaml").write_text(HEAD + REQUIRED + "  colour: More\n  hue: More\n")
    (zone.folder / "sources/b.yaml").write_text(HEAD + REQUIRED + "  kind: {from: More, style: ids}\n")
    for name in ("c", "d"):
        (zone.folder / f"sources/{name}.yaml").write_text(HEAD + REQUIRED)
    with pytest.raises(ContractError) as error:
        list(check_landing(zone.network))
    first, second, third = str(error.value).splitlines()
    assert "a.yaml: 'colour' is no column" in first
    assert "'hue' is no column" in first
    assert third.endswith("d.yaml: name is 'own', as in c.yaml; names must differ")
    assert "b.yaml: columns.kind.style is 'ids': Input should be 'plain', 'id' or 'lower'" in second


def test_the_committed_schema_is_current() -> None:
    """Regenerate with: python -m dagster_project.extract.contracts"""
    assert json.loads((SOURCES / "contract.schema.json").read_text()) == contract_schema()


def test_no_row_lands_without_what_it_is_known_by() -> None:
    for feed in load_feeds().values():
        spare = {column.name for column in feed.columns if column.spare}
        assert not spare & {*feed.key, *feed.replace, *(c.name for c in feed.columns if c.required)}


def test_contracts_of_the_project_have_names_of_their_own() -> None:
    files = {p.stem for p in SOURCES.glob("*.yaml")} - {"feeds", "time_zones", "vocabulary"}
    assert files <= set(load_contracts())
