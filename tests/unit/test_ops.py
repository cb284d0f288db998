"""What is masked on its way into ops, and what must stay readable; the same in Python and in DuckDB."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.home import Home
from dagster_project.ops import EMAIL, EMAIL_OR_PHONE_SIGNS, PHONE, masked, masked_sql, record_failure, update_ops

CONTACTS = {
    "l1/jane.doe@example.com +12125550123.csv": "l1/[masked] [masked].csv",
    "Gift card for ana@x.com": "Gift card for [masked]",
    "<mailto:ana@x.com>": "<mailto:[masked]>",
    "call (212) 555-0123, or 212.555.0199": "call [masked], or [masked]",
    "jane_212-555-0123_2026-10-31.csv": "jane_[masked]_2026-10-31.csv",
    "+44 20 7946 0958": "[masked]",
    "+12125550123 2026-10-31.csv": "[masked] 2026-10-31.csv",
    "desk 020 7946 0958": "desk [masked]",
    "1-212-555-0123": "[masked]",
}
KEPT = [
    "l1/20261031/items-2026-06-01-2026-06-12.csv",
    "l1/2010-12-01.csv.gz",
    "20261031/",
    "l1/20261031-120000-items (12).csv",
    "store-0012-2026-10-31.csv",
    "2026-10-31T08:00:00+00:00",
    "2026-10-31T08:00:00+0000",
    "3f2a1b1c-9d8e-4f70-8123-4567890123ab",
    "9b74c9897bac770ffc029102a200c5de",
    "0012345678905",
    "2 @ 1.50",
    "100-200-3000",
    "01.12.2010 - 31.12.2010",
]


@pytest.mark.parametrize(("text", "expected"), [*CONTACTS.items(), *((text, text) for text in KEPT)])
def test_contact_details_are_masked_and_dates_and_ids_stay(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert duckdb.execute(f"select {masked_sql('$t')}", {"t": text}).fetchone() == (expected,)
    looks = f"select regexp_matches($t, '{EMAIL}') or regexp_matches($t, '{PHONE}')"
    assert duckdb.execute(looks, {"t": text}).fetchone() == (text != expected,)


@given(st.from_regex(EMAIL) | st.from_regex(PHONE))
def test_whatever_looks_like_a_contact_holds_one_of_the_signs_that_are_looked_for_first(text: str) -> None:
    assert any(sign in text for sign in EMAIL_OR_PHONE_SIGNS)


def test_a_failed_run_is_told_also_when_it_had_not_begun(tmp_path) -> None:
    home = Home(tmp_path)
    record_failure(home, "extract: landing/shop_1 cannot be read, ask ana@x.com")
    with update_ops(home) as ops:
        ops.execute("insert into runs values ('2026-10-31-1', null, null, null, 'running', null)")
    record_failure(home, "identity: the registry is damaged")
    with duckdb.connect(str(home.ops), read_only=True) as ops:
        told = ops.execute("select run_id, status, reason, ended_at is not null from runs order by run_id").fetchall()
    assert told == [
        ("2026-10-31-1", "failed", "identity: the registry is damaged", True),
        ("not-begun-1", "failed", "extract: landing/shop_1 cannot be read, ask [masked]", True),
    ]
