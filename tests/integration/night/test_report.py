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


def test_the_overview_tells_how_records_became_people(demo) -> None:
    page = (demo.network.home.published / "report" / "index.html").read_text(encoding="utf-8")
    known = demo.query("select source, customer_id from customer_identities where valid_to is null")
    sources = {}
    for source, customer in known:
        sources.setdefault(customer, set()).add(source)
    for told in {source for source, _ in known}:
        records = sum(source == told for source, _ in known)
        here = [of for of in sources.values() if told in of]
        cells = (told, f"{records:,}", f"{len(here):,}", f"{sum(len(of) > 1 for of in here):,}")
        assert "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" in page
    assert "records put together" in page


def test_no_page_names_a_customer(demo) -> None:
    page = (demo.network.home.published / "report" / "index.html").read_text(encoding="utf-8")
    ids = {customer for (customer,) in demo.query("select customer_id from dim_customers")}
    assert [customer for customer in ids if customer in page] == []


def test_dbt_docs_are_one_file_with_lineage_and_descriptions(demo) -> None:
    page = (demo.network.home.published / "report" / "dbt.html").read_text(encoding="utf-8")
    assert "model.regulars.customer_value" in page
    assert "JSON INLINE DATA" not in page
    assert str(demo.network.home.root) not in page
