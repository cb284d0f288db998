"""The pages beside the marts: readable without a network, and without a name in them."""

import re


def test_the_overview_tells_segments_alerts_and_value_with_pictures(demo) -> None:
    page = (demo.network.home.published / "report" / "index.html").read_text(encoding="utf-8")
    for told in ("Segments", "champions", "Slipping away", "value at risk", "Second visits", "Gini"):
        assert told in page, told
    assert page.count("<svg") >= 3
    assert re.findall(r"(?:src|href)=", page) == []
    customers = demo.query("select count(*) from customer_360 where visits > 0")[0][0]
    assert f"{customers:,} customers with a visit" in page


def test_no_page_names_a_customer(demo) -> None:
    page = (demo.network.home.published / "report" / "index.html").read_text(encoding="utf-8")
    ids = {customer for (customer,) in demo.query("select customer_id from dim_customers")}
    assert [customer for customer in ids if customer in page] == []


def test_dbt_docs_are_one_file_with_lineage_and_descriptions(demo) -> None:
    page = (demo.network.home.published / "report" / "dbt.html").read_text(encoding="utf-8")
    assert "model.regulars.customer_value" in page
    assert "JSON INLINE DATA" not in page
    assert str(demo.network.home.root) not in page
