"""Profiles: what is compared when the exact rules have had their say.

One row per exact cluster with the values its records say most, and one more for each further e-mail, phone,
last name, address or birth date it is known by, with that value in the usual one's place. An identifier
shared by many is empty here: it has lost its weight. Every value stands in its comparable form.
"""

from pathlib import Path

import duckdb

from dagster_project.identity.comparable import folded
from dagster_project.identity.weightless import USUALLY_BORN

NICKNAMES = Path(__file__).with_name("nicknames.csv")
# A given name this many clusters bear is a name of its own, not a slip of the finger.
KNOWN_NAME_COUNT = 5
# Frequencies are powers of two, so that a day's new records do not change everybody's scores.
RAREST = 1e-6

TEXTS = ("first_name", "last_name", "email", "email_local", "email_domain", "phone", "birth_date", "address",
         "postal_code", "city")  # fmt: skip
# Column -> its type.
COLUMNS = dict.fromkeys(TEXTS, "varchar") | {
    "first_forms": "varchar[]", "is_known_first": "boolean", "cards": "varchar[]", "tf_first_name": "double",
    "tf_last_name": "double",
}  # fmt: skip
VARIED = ("last_name", "email", "phone", "home", "birth_date")
# Of a profile's number: room for the variants of one field, and for those of all.
PLACE_BITS, VARIANT_BITS = 26, 29


def build_profiles(con: duckdb.DuckDBPyConnection) -> None:
    """Table `profiles`: profile_no, cluster_no, record_no (the lowest that says what is special), COLUMNS.

    `profile_no` counts through no sort of wide rows: the cluster, then the usual profile before its variants.

    Needs `observed`, `names`, `identifiers`, `odd_birth_dates` and `exact_clusters`.
    """
    shape_profiles(con)
    con.execute(f"create temp table name_counts as {rated_names(counted_names('shapes'))}")
    con.execute(f"create temp table name_forms as {listed_nicknames()}")
    con.execute(f"create temp table profiles as {finished('shapes')}")
    con.execute("drop table shapes; drop table name_counts; drop table name_forms")


def shape_profiles(con: duckdb.DuckDBPyConnection) -> None:
    """Table `shapes`: profiles without what the whole network says of their names."""
    _collect_values(con)
    con.execute(
        """create temp table usual as
           select cluster_no, min(record_no) as record_no,
                  max(value) filter (where field = 'first_name') as first_name,
                  max(value) filter (where field = 'last_name') as last_name,
                  max(value) filter (where field = 'email') as email,
                  max(value) filter (where field = 'phone') as phone,
                  max(value) filter (where field = 'home') as home,
                  max(value) filter (where field = 'birth_date') as birth_date
           from said_values where place = 1 group by cluster_no"""
    )
    variants = [f"select *, 0 as variant from ({SINGLE})", "select *, 0 from usual"] + [
        f"""select u.* replace (v.value as {field}, v.record_no as record_no), ({number} << {PLACE_BITS}) + v.place
            from said_values v join usual u using (cluster_no) where v.place > 1 and v.field = '{field}'"""
        for number, field in enumerate(VARIED)
    ]
    con.execute(
        f"""create temp table shapes as
            select s.cluster_no, s.variant, s.record_no, s.first_name, s.last_name, s.email, s.phone, s.birth_date,
                   nullif(split_part(s.home, '|', 1), '') as address,
                   nullif(split_part(s.home, '|', 2), '') as postal_code,
                   nullif(split_part(s.home, '|', 3), '') as city, c.cards,
                   {_hashed("first_name")}, {_hashed("last_name")}
            from ({" union all ".join(variants)}) s
            left join cards_of c on c.cluster_no = s.cluster_no"""
    )
    for table in ("plural", "said_values", "usual", "cards_of"):
        con.execute(f"drop table {table}")


def _hashed(name: str) -> str:
    return f"case when {name} is not null then hash({name}) end as {name}_hash"


def counted_names(shapes: str) -> str:
    """SQL: is_first, name_hash, clusters: of every first and last name how many clusters' usual one it is."""
    return " union all ".join(
        f"""select {is_first} as is_first, {name} as name_hash, count(*) as clusters
            from {shapes} where variant = 0 and {name} is not null group by {name}"""
        for is_first, name in ((True, "first_name_hash"), (False, "last_name_hash"))
    )


def rated_names(counted: str) -> str:
    """SQL: what SQL `counted` says of names, with is_known and tf (a power of two)."""
    return f"""
        select *, clusters >= {KNOWN_NAME_COUNT} as is_known,
               greatest({RAREST}, pow(2, round(log2(clusters / sum(clusters) over (partition by is_first))))) as tf
        from ({counted})"""


NUMBERS = f"(s.cluster_no << {VARIANT_BITS}) + s.variant as profile_no, s.cluster_no, s.record_no"
FIRST_FORMS = "coalesce(f.forms, case when s.first_name is not null then [s.first_name] end) as first_forms"
IS_KNOWN_FIRST = "f.forms is not null or coalesce(a.is_known, false) as is_known_first"


def finished(shapes: str, place: str = "") -> str:
    """SQL: profiles from rows like those of `shapes`, and from `name_counts` and `name_forms`; `place` says where these
    two are, such as "kept."."""
    return f"""
        select {NUMBERS}, s.first_name, s.last_name, s.email,
               split_part(s.email, '@', 1) as email_local, split_part(s.email, '@', 2) as email_domain,
               s.phone, s.birth_date, s.address, s.postal_code, s.city, {FIRST_FORMS}, {IS_KNOWN_FIRST}, s.cards,
               a.tf as tf_first_name, b.tf as tf_last_name
        from {_with_first(shapes, place)}
        left join (from {place}name_counts where not is_first) b on b.name_hash = s.last_name_hash"""


def guarded(shapes: str, place: str) -> str:
    """SQL: of `finished` profiles what the household guard compares."""
    return f"""
        select {NUMBERS}, s.first_name, s.last_name, s.email, s.birth_date, s.address, s.postal_code, {FIRST_FORMS},
               {IS_KNOWN_FIRST}
        from {_with_first(shapes, place)}"""


def _with_first(shapes: str, place: str) -> str:
    return f"""{shapes} s left join {place}name_forms f on f.name = s.first_name
        left join (from {place}name_counts where is_first) a on a.name_hash = s.first_name_hash"""


BORN = f"case when {USUALLY_BORN} then strftime(birth_date, '%Y%m%d') end"
# Most clusters are one saying: nothing is to be counted or chosen there.
SINGLE = f"""
    select cluster_no, record_no, nullif(class, '') as first_name, nullif(last_key, '') as last_name,
           e.value as email, p.value as phone, case when home not like '||%' then home end as home,
           {BORN} as birth_date
    from observed join exact_clusters using (record_no) anti join plural using (cluster_no)
    join names using (record_no)
    left join (from identifiers where kind = 'email') e using (record_no)
    left join (from identifiers where kind = 'phone') p using (record_no)
    left join homes using (record_no)
    where coalesce(nullif(class, ''), nullif(last_key, ''), e.value, p.value, address, postal_code,
                   birth_date::varchar) is not null"""


def _collect_values(con: duckdb.DuckDBPyConnection) -> None:
    """Tables `plural` (cluster_no, those of several sayings) and, of these, `said_values`: cluster_no, field, value,
    place (1 is the usual one), record_no; and `cards_of` of all."""
    con.execute(
        """create temp table plural as
           select cluster_no from observed join exact_clusters using (record_no) group by 1 having count(*) > 1"""
    )
    con.execute(
        f"""create temp table said_values as
            with members as materialized (from exact_clusters semi join plural using (cluster_no)),
            dated as (
                select cluster_no, record_no, priority, seen, {BORN} as born
                from observed join members using (record_no)),
            said as (
                select cluster_no, record_no, 'first_name' as field, class as value, 0 as priority, 1 as seen
                from names join members using (record_no) where class <> ''
                union all
                select cluster_no, record_no, 'last_name', last_key, 0, 1
                from names join members using (record_no) where last_key <> ''
                union all
                select cluster_no, record_no, kind, value, 0, 1 from identifiers join members using (record_no)
                union all
                select cluster_no, record_no, 'home', home, case when home like '|%' then 9 else priority end, seen
                from homes join members using (record_no) where home not like '||%'
                union all
                select cluster_no, record_no, 'birth_date', born, priority, seen from dated where born is not null),
            counted as materialized (
                select cluster_no, field, value, min(priority) as priority, sum(seen) as seen,
                       min(record_no) as record_no
                from said group by all),
            several as (select cluster_no, field from counted group by all having count(*) > 1)
            select cluster_no, field, value, record_no, 1 as place
            from counted anti join several using (cluster_no, field)
            union all
            select cluster_no, field, value, record_no, row_number() over (
                partition by cluster_no, field
                order by priority, length(value) = 1, seen desc, length(value) desc, value) as place
            from counted semi join several using (cluster_no, field)"""
    )
    con.execute(
        """create temp table cards_of as
           select cluster_no, list(distinct payment_fingerprint order by payment_fingerprint) as cards
           from observed join exact_clusters using (record_no)
           where payment_fingerprint is not null group by cluster_no"""
    )


def listed_nicknames() -> str:
    """SQL: name, forms: what it may be short for, and itself."""
    path = str(NICKNAMES).replace("'", "''")
    return f"""
        with listed as (
            select {folded("name")} as name, {folded("short")} as short
            from read_csv('{path}', header = true, columns = {{name: 'varchar', short: 'varchar'}}))
        select name, list(distinct form order by form) as forms from (
            select short as name, name as form from listed
            union all select short, short from listed
            union all select name, name from listed)
        group by name"""
