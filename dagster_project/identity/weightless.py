"""What carries no weight, because a rule would be met by accident.

A contact with more than MAX_NAMES different full names (the shop's own number), or on more than MAX_IDS ids of one
till; a birth date far more common than births are (a form's default).
"""

import duckdb

MAX_NAMES = 5
MAX_IDS = 20
MAX_BIRTH_DATE_SHARE = 0.01
MAX_BIRTH_DATE_COUNT = 50
# SQL over observed: a birth date that says something.
USUALLY_BORN = "birth_date is not null and birth_date not in (select birth_date from odd_birth_dates)"


def find_worthless(con: duckdb.DuckDBPyConnection) -> None:
    """Table `worthless`: kind, value of the contacts that carry no weight, having too many names or ids."""
    con.execute(
        f"""create temp table worthless as
            -- Few contacts have so many records that they could have too many names or ids.
            with busy as materialized (
                select contacts.* from contacts join (
                    select kind, value from contacts group by all having count(*) > {min(MAX_NAMES, MAX_IDS)}
                ) using (kind, value))
            select kind, value from busy join names using (record_no) group by all
            having count(distinct case when length(first_key) > 1 then first_key || ' ' || last_key end) > {MAX_NAMES}
            union
            select kind, value from (
                select kind, value from busy join records using (record_no)
                group by kind, value, source, location_id having count(*) > {MAX_IDS})"""
    )


def find_odd_birth_dates(con: duckdb.DuckDBPyConnection) -> None:
    """Table `odd_birth_dates`: those far more common than births are (a form's default)."""
    con.execute(
        f"""create temp table odd_birth_dates as
            -- Few dates are said so often that they could be on so many records.
            with frequent as materialized (
                select birth_date from observed where birth_date is not null
                group by birth_date having count(*) > {MAX_BIRTH_DATE_COUNT}),
            counted as (
                select birth_date, count(distinct record_no) as records
                from observed semi join frequent using (birth_date) group by birth_date)
            select birth_date from counted
            where records > greatest({MAX_BIRTH_DATE_COUNT}, {MAX_BIRTH_DATE_SHARE} * (
                select count(distinct record_no) from observed
                where birth_date is not null and exists (from frequent)))"""
    )
