"""A contact of more than five names, or on more than twenty ids of one till, carries no weight."""

import duckdb
import pytest

from dagster_project.identity.weightless import find_worthless

NAMES = [(name, "diaz") for name in ("ana", "bob", "carla", "dan", "eva", "fay")]
ANA = NAMES[0]
TILL, NEXT_DOOR, OTHER_TILL = ("square", "l1"), ("square", "l2"), ("toast", "l1")


@pytest.mark.parametrize(
    ("names", "tills", "is_worthless"),
    [
        (NAMES[:5], [TILL], False),
        (NAMES, [TILL], True),
        (NAMES[:5] * 3, [TILL], False),
        ([("ana", "diaz"), ("ana", "ray"), ("ana", ""), *NAMES[1:4]], [TILL], True),
        ([*NAMES[:5], ("f", "diaz"), ("", "diaz")], [TILL], False),
        ([ANA] * 20, [TILL], False),
        ([ANA] * 21, [TILL], True),
        ([ANA] * 22, [TILL, NEXT_DOOR], False),
        ([ANA] * 22, [TILL, OTHER_TILL], False),
        ([ANA] * 42, [TILL, OTHER_TILL], True),
        ([ANA] * 40, [TILL, OTHER_TILL], False),
        ([ANA] * 21, [("web", None)], True),
    ],
)
def test_what_carries_no_weight(names, tills, is_worthless):
    """Record by record a name, and one till after the other."""
    with duckdb.connect() as con:
        con.execute("create table records (record_no bigint, source varchar, location_id varchar)")
        con.execute("create table names (record_no bigint, first_key varchar, last_key varchar)")
        con.execute("create table contacts (kind varchar, value varchar, record_no bigint)")
        for number, name in enumerate(names):
            con.execute("insert into records values (?, ?, ?)", [number, *tills[number % len(tills)]])
            con.execute("insert into names values (?, ?, ?)", [number, *name])
            con.execute("insert into contacts values ('phone', '+12125550100', ?)", [number])
        find_worthless(con)
        assert con.execute("from worthless").fetchall() == ([("phone", "+12125550100")] if is_worthless else [])
