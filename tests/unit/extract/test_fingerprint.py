"""A night whose inputs are those of the night before is recognised as such."""

from dagster_project.extract.fingerprint import landing_fingerprint, waiting_fingerprint
from dagster_project.parameters import read_run

LINES = "order_id,line_id,ordered_at,quantity,net_amount\no1,1,2026-10-05,1,4\n"


def settled(zone) -> bool:
    return read_run(zone.network.home).input_fingerprint == waiting_fingerprint(zone.network)


def test_the_run_remembers_what_it_was_made_from(zone) -> None:
    zone.put("shop_1/a.csv", LINES)
    later = zone.put("shop_1/b.csv", LINES.replace("o1", "o2"))
    zone.land()
    assert settled(zone)
    later.unlink()
    assert not settled(zone)
    zone.land()
    assert settled(zone)


def test_a_changed_threshold_or_contract_is_new_work(zone) -> None:
    zone.put("shop_1/a.csv", LINES)
    zone.land()
    zone.file.write_text("churn: {min_visits: 4}\n")
    assert not settled(zone)
    zone.land()
    assert settled(zone)


def test_the_landing_zone_alone_is_looked_at_by_name_size_and_time(zone) -> None:
    zone.put("shop_1/a.csv", LINES)
    before = landing_fingerprint(zone.network)
    zone.file.write_text("churn: {min_visits: 4}\n")
    assert landing_fingerprint(zone.network) == before
    zone.put("shop_2/b.csv", LINES)
    assert landing_fingerprint(zone.network) != before
