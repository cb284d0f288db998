"""Blocking: which pairs of profiles are worth comparing, chosen so that few pairs miss and few are idle.

Pairs within one exact cluster are settled already and are none.
"""

import duckdb

NAMES = "least(first_name, last_name) || ' ' || greatest(first_name, last_name)"
# What two profiles must share to be compared; a null shares nothing. Cheap and telling ones first.
BLOCKS = {
    "email": "email",
    "phone": "phone",
    "last_name_birth_date": "left(last_name, 4) || birth_date",
    "first_name_birth_date": "left(first_name, 3) || birth_date",
    "names_birth_date": "least(first_name, last_name) || birth_date",
    "postal_code_birth_date": "postal_code || birth_date",
    "names_postal_code": f"{NAMES} || postal_code",
    "names_city": f"case when length(city) > 2 then {NAMES} || city end",
    "house": "postal_code || left(address, 6)",
    "address_names": "address || left(least(first_name, last_name), 3)",
    "address_last_name": "address || left(last_name, 3)",
    "email_local": "case when length(email_local) >= 6 then email_local || left(coalesce(last_name, ''), 2) end",
}


# A small network can afford to look wider: a block holds few there.
SMALL = 1 << 14
WIDE_BLOCKS = {
    "birth_date": "birth_date",
    "address": "address",
    "names": NAMES,
    "last_name_postal_code": "last_name || postal_code",
    "first_name_postal_code": "first_name || postal_code",
    "last_name_city": "last_name || city",
    "first_name_city": "first_name || city",
    "email_local": "case when length(email_local) >= 5 then email_local end",
}


def block_keys(profiles: int) -> dict[str, str]:
    """Column -> SQL over a profile: what it may share with another, in a network of so many profiles."""
    blocks = [*BLOCKS.values(), *(WIDE_BLOCKS.values() if profiles <= SMALL else ())]
    return {f"k{n}": key for n, key in enumerate(blocks)}


def find_candidates(con: duckdb.DuckDBPyConnection, profiles: int) -> None:
    """Table `candidates`: left_no < right_no, profiles of different clusters that share a block.

    `profiles` is how many there are in the network.
    """
    blocks = block_keys(profiles)
    keys = ", ".join(f"{key} as {name}" for name, key in blocks.items())
    con.execute(f"create temp table blocked as select profile_no, cluster_no, {keys} from profiles")
    pairs = " union ".join(
        f"""select l.profile_no as left_no, r.profile_no as right_no
            from blocked l join blocked r on l.{name} = r.{name} and l.profile_no < r.profile_no
            where l.cluster_no <> r.cluster_no"""
        for name in blocks
    )
    con.execute(f"create temp table candidates as {pairs}")
    con.execute("drop table blocked")
