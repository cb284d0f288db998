"""Blocking: which pairs of profiles are worth comparing, chosen so that few pairs miss and few are idle.

Pairs within one exact cluster are settled already and are none.
"""

import duckdb

from dagster_project.identity.profiles import VARIANT_BITS

NAMES = ("least(first_name, last_name)", "greatest(first_name, last_name)")
# What two profiles must share to be compared, all parts of it; a null shares nothing. Cheap and telling ones first.
BLOCKS = (
    ("email",),
    ("phone",),
    ("left(last_name, 4)", "birth_date"),
    ("left(first_name, 3)", "birth_date"),
    ("least(first_name, last_name)", "birth_date"),
    ("postal_code", "birth_date"),
    (*NAMES, "postal_code"),
    (*NAMES, "case when length(city) > 2 then city end"),
    ("postal_code", "left(address, 6)"),
    ("address", "left(least(first_name, last_name), 3)"),
    ("address", "left(last_name, 3)"),
    ("case when length(email_local) >= 6 then email_local end", "left(coalesce(last_name, ''), 2)"),
)


# A small network can afford to look wider: a block holds few there.
SMALL = 1 << 14
WIDE_BLOCKS = (
    ("birth_date",),
    ("address",),
    NAMES,
    ("last_name", "postal_code"),
    ("first_name", "postal_code"),
    ("last_name", "city"),
    ("first_name", "city"),
    ("case when length(email_local) >= 5 then email_local end",),
)


def blocks_of(table: str, profiles: int) -> str:
    """SQL over a table or subquery of profiles: cluster_no, variant, key (what it may share with another, as a hash),
    in a network of so many profiles."""
    blocks = [*BLOCKS, *(WIDE_BLOCKS if profiles <= SMALL else ())]
    return " union all ".join(
        f"""select cluster_no, variant, hash({number}, {", ".join(parts)}) as key from {table}
            where {" and ".join(f"({part}) is not null" for part in parts)}"""
        for number, parts in enumerate(blocks)
    )


def pairs_between(some: str, all_of_them: str) -> str:
    """SQL: left_no < right_no, profiles of different clusters that share a block; one is of table `some`, the other of
    `all_of_them` (cluster_no, variant, key), where `some` are too."""
    one, other = (f"({side}.cluster_no << {VARIANT_BITS}) + {side}.variant" for side in "lr")
    return f"""
        select distinct least(one, other) as left_no, greatest(one, other) as right_no from (
            select {one} as one, {other} as other from {some} l join {all_of_them} r using (key)
            where l.cluster_no {"<" if some == all_of_them else "<>"} r.cluster_no)"""


def find_candidates(con: duckdb.DuckDBPyConnection, profiles: int) -> None:
    """Table `candidates`: left_no < right_no, profiles of different clusters that share a block.

    `profiles` is how many there are in the network.
    """
    numbered = f"(select *, profile_no & {(1 << VARIANT_BITS) - 1} as variant from profiles)"
    con.execute(f"create temp table blocked as {blocks_of(numbered, profiles)}")
    con.execute(f"create temp table candidates as {pairs_between('blocked', 'blocked')}")
    con.execute("drop table blocked")
