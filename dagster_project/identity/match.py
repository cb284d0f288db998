"""Exact rules that tie records together, under a guard that keeps a household's people apart.

The guarantee: no cluster ever holds two people whose first names conflict. Every record gets a *name
class* before anything is joined: its own first name (accents, case and punctuation folded; a trailing
middle initial dropped), or, for a record with no name or an initial only, the one compatible name found
on its e-mail, else on its phone. Rules join records of equal class only, so a chain A-B-C cannot connect
what A and C would refuse. A nameless record on a couple's shared e-mail stays by itself.

Rules, strongest first: `email`, `phone`, `name_birth_date`, `name_address`. Sharing only a phone also
needs last names that agree: with several last names on one phone and first name, people are kept apart,
and those without a last name are not guessed (a father and a daughter-in-law called Ana are two; a split
is repaired by the next e-mail, a wrong merge leaks one person's history to another).

What would meet a rule by accident carries no weight (weightless.py).
"""

import duckdb

from dagster_project.identity.comparable import comparable_email, comparable_home, folded
from dagster_project.identity.weightless import USUALLY_BORN, find_odd_birth_dates, find_worthless

# SQL: the addresses that the fourth rule compares: a street and a postal code.
HOUSED = """select distinct record_no, split_part(home, '|', 1) as address, split_part(home, '|', 2) as postal_code
    from homes where home like '_%|_%|%'"""
# Strongest first; the rank is what decides between a record's rules.
RULES = ("email", "phone", "name_birth_date", "name_address")


def find_ties(con: duckdb.DuckDBPyConnection) -> None:
    """Table `ties` (rule_rank, record_no, leader_no, block): the lowest record of every block of two and more."""
    name_records(con)
    find_odd_birth_dates(con)
    find_worthless(con)
    tie_records(con)


def tie_records(con: duckdb.DuckDBPyConnection) -> None:
    """Table `ties`, once `names`, `contacts`, `worthless` and `odd_birth_dates` are there."""
    con.execute(
        """create temp table identifiers as
           select kind, value, record_no from contacts anti join worthless using (kind, value)"""
    )
    _adopt_names(con)
    con.execute("create temp table ties (rule_rank tinyint, record_no bigint, leader_no bigint, block ubigint)")
    phone, address = _kept_apart_by_birth(_phone_block()), _kept_apart_by_birth(_address_block())
    for rank, block in enumerate((_email_block(), phone, _birth_date_block(), address)):
        con.execute(
            f"""insert into ties
                with blocked as materialized ({block}),
                leaders as (
                    select block, min(record_no) as leader_no from blocked group by block having count(*) > 1)
                select {rank}, record_no, leader_no, block from blocked join leaders using (block)"""
        )


def name_records(con: duckdb.DuckDBPyConnection) -> None:
    """Table `names`: record_no, first_key, last_key, class; and `contacts` and `homes` (see below).

    Of several names a full one counts before an initial, then source priority, then how often it was said.
    """
    con.execute(
        f"""create temp table names as
            with typed as (
                select distinct unnest([first_name, last_name]) as name from observed),
            keys as materialized (select name, {folded("name")} as key from typed where name is not null),
            said as materialized (
                select record_no, coalesce(f.key, '') as first_key, coalesce(l.key, '') as last_key,
                       min(priority) as priority, sum(seen) as seen
                from observed left join keys f on f.name = first_name left join keys l on l.name = last_name
                group by 1, 2, 3),
            several as (select record_no from said group by 1 having count(*) > 1),
            ranked as (
                select *, row_number() over (
                    partition by record_no
                    order by least(length(first_key), 2) desc, least(length(last_key), 2) desc, priority,
                             seen desc, length(first_key) desc, first_key, last_key) as place
                from said semi join several using (record_no))
            select record_no, first_key, last_key, first_key as class from ranked where place = 1
            union all
            select record_no, first_key, last_key, first_key from said anti join several using (record_no)"""
    )
    _list_contacts(con)
    _list_homes(con)


def _list_contacts(con: duckdb.DuckDBPyConnection) -> None:
    """Table `contacts`: kind, value, record_no of every valid contact."""
    con.execute(
        f"""create temp table contacts as
            select distinct 'email' as kind, {comparable_email("email")} as value, record_no from observed
            where email_validity = 'valid'
            union all
            select distinct 'phone', phone, record_no from observed where phone_validity = 'valid'"""
    )


def _list_homes(con: duckdb.DuckDBPyConnection) -> None:
    """Table `homes`: record_no, priority, seen, home of every saying that tells a street, a postal code or a city."""
    con.execute(
        f"""create temp table homes as
            select record_no, priority, seen, {comparable_home("address", "postal_code", "city")} as home
            from observed where coalesce(address, postal_code, city) is not null"""
    )


def _adopt_names(con: duckdb.DuckDBPyConnection) -> None:
    """Give records without a full name the one compatible name around them, until nothing changes.

    Full names first; then, where there are none, an initial. All records of a round adopt at once, so the
    order of rows decides nothing.
    """
    con.execute(
        """create temp table offering as
           select i.* from identifiers i semi join (
               select kind, value from identifiers join names using (record_no) where length(class) < 2
           ) using (kind, value)"""
    )
    for full in (2, 1):
        while _adopt_once(con, full):
            pass
    con.execute("drop table offering")


def _adopt_once(con: duckdb.DuckDBPyConnection, full: int) -> int:
    con.execute(
        f"""create or replace temp table adopted as
            with offered as (
                select distinct kind, value, class from offering join names using (record_no)
                where length(class) >= {full}),
            options as (
                select n.record_no, i.kind, list(distinct o.class) as classes
                from names n join offering i using (record_no) join offered o using (kind, value)
                where length(n.class) < {full} and starts_with(o.class, n.class)
                group by all),
            by_kind as (
                select record_no,
                       coalesce(max(classes) filter (where kind = 'email'), []) as on_email,
                       coalesce(max(classes) filter (where kind = 'phone'), []) as on_phone
                from options group by record_no)
            select record_no, case
                when len(on_email) = 1 then on_email[1]
                when len(on_phone) = 1 and (len(on_email) = 0 or list_contains(on_email, on_phone[1]))
                    then on_phone[1] end as class
            from by_kind where class is not null"""
    )
    con.execute("update names set class = adopted.class from adopted where adopted.record_no = names.record_no")
    return con.execute("select count(*) from adopted").fetchall()[0][0]


def _email_block() -> str:
    return """select i.record_no, hash(i.value, n.class) as block
              from identifiers i join names n using (record_no) where i.kind = 'email'"""


def _phone_block() -> str:
    """Same phone and class; with several last names on it, only records of the same last name."""
    return """
        with several as (select value from identifiers where kind = 'phone' group by value having count(*) > 1),
        on_phone as (
            select i.record_no, i.value, n.class, n.last_key
            from identifiers i semi join several using (value) join names n using (record_no) where i.kind = 'phone'),
        last_names as (
            select value, class, list(distinct last_key) filter (where length(last_key) > 1) as known
            from on_phone group by all)
        select record_no, hash(value, class, case
            when length(last_key) > 1 then last_key
            when len(compatible) = 1 then compatible[1] else last_key end) as block
        from (select *, list_filter(coalesce(known, []), x -> starts_with(x, last_key)) as compatible
              from on_phone join last_names using (value, class))"""


def _kept_apart_by_birth(block: str) -> str:
    """A father and his namesake: where records of a block tell birth dates that are no slip of each other, each date
    is a block of its own, and those without one, who may be either, are tied to nobody."""
    return f"""
        with blocked as ({block}),
        born as (
            select record_no, min(strftime(birth_date, '%Y%m%d')) as born
            from observed where {USUALLY_BORN} group by 1),
        torn as (
            select block from (
                select block, list(distinct born) as dates from blocked join born using (record_no)
                group by block having count(distinct born) > 1)
            where len(list_filter(dates, a -> len(list_filter(dates, b -> damerau_levenshtein(a, b) > 2)) > 0)) > 0)
        select record_no,
               hash(b.block, case when t.block is not null then coalesce(born, 'no. ' || record_no) end) as block
        from blocked b left join torn t on t.block = b.block left join born using (record_no)"""


def _birth_date_block() -> str:
    return f"""
        with dated as (
            select distinct record_no, birth_date from observed where {USUALLY_BORN})
        select record_no, hash(class, last_key, birth_date) as block
        from dated join names using (record_no)
        where length(class) > 1 and length(last_key) > 1"""


def _address_block() -> str:
    return f"""
        with housed as ({HOUSED})
        select record_no, hash(class, last_key, postal_code, address) as block
        from housed join names using (record_no)
        where length(class) > 1 and length(last_key) > 1"""


def neighbour_keys() -> str:
    """SQL over `contacts`, `names`, `homes` and `observed`: record_no, key, kind, value. Whom a rule can tie, directly
    or by the name one adopts from another, has a key in common, or a chain of keys."""
    return f"""
        select record_no, hash(kind, value) as key, kind, value from contacts
        union all
        select distinct record_no, hash('born', last_key, birth_date), null, null
        from observed join names using (record_no) where length(last_key) > 1 and {USUALLY_BORN}
        union all
        select record_no, hash('home', last_key, postal_code, address), null, null
        from ({HOUSED}) join names using (record_no) where length(last_key) > 1"""
