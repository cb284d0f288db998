"""What carries no weight, because a rule would be met by accident.

A contact with more than MAX_NAMES different full names (the shop's own number), or on more than MAX_IDS ids of one
till; a birth date far more common than births are (a form's default), or the day on which computers begin to count.
"""

import duckdb

MAX_NAMES = 5
MAX_IDS = 20
# A birth date may have so many names, and so many times those that chance gives it: customers are born on so many days.
MAX_BORN = 10
MAX_TIMES_BORN = 5
BIRTHDAYS = 20_000
# What .NET, SQL Server, Excel, SQL and Unix make of no date.
ZERO_DAYS = ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01")
# SQL over observed: a birth date that says something.
USUALLY_BORN = "birth_date is not null and birth_date not in (select birth_date from odd_birth_dates)"
# SQL: the rows of `busy` whose contact could have too many ids.
OF_MANY = f"(from busy where records > {MAX_IDS})"


def find_worthless(con: duckdb.DuckDBPyConnection) -> None:
    """Table `worthless`: kind, value of the contacts that carry no weight, having too many names or ids."""
    find_busy(con)
    judge_busy(con, "records")


def find_busy(con: duckdb.DuckDBPyConnection) -> None:
    """Table `busy` (kind, value, record_no, records): those of `contacts` with so many records that they could have too
    many names or ids; few have."""
    con.execute(
        f"""create temp table busy as
            select contacts.*, records from contacts join (
                select kind, value, count(*) as records from contacts
                group by all having records > {min(MAX_NAMES, MAX_IDS)}
            ) using (kind, value)"""
    )


def judge_busy(con: duckdb.DuckDBPyConnection, origins: str) -> None:
    """Table `worthless` from `busy`, `names` and a table of record_no, source and location_id."""
    con.execute(
        f"""create temp table worthless as
            select kind, value from busy join names using (record_no) group by all
            having count(distinct case when length(first_key) > 1 then first_key || ' ' || last_key end) > {MAX_NAMES}
            union
            select kind, value from (
                select kind, value from {OF_MANY} join {origins} using (record_no)
                group by kind, value, source, location_id having count(*) > {MAX_IDS})"""
    )
    con.execute("drop table busy")


def find_odd_birth_dates(con: duckdb.DuckDBPyConnection) -> None:
    """Table `odd_birth_dates`: those far more common than births are (a form's default), and ZERO_DAYS."""
    zero_days = ", ".join(f"(date '{day}')" for day in ZERO_DAYS)
    con.execute(
        f"""create temp table odd_birth_dates as
            with dated as (
                select birth_date, count(*) as said from observed where birth_date is not null group by birth_date),
            most as (select greatest({MAX_BORN}, sum(said) * {MAX_TIMES_BORN / BIRTHDAYS}) as most from dated)
            select birth_date from observed, most
            where birth_date in (select birth_date from dated, most where said > most)
            group by birth_date, most having count(distinct lower(concat(first_name, ' ', last_name))) > most
            union (values {zero_days})"""
    )
