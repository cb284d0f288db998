"""Contact points, and the consent that belongs to them.

Consent is a word given for one e-mail address or one phone number, whoever's record it stands in. The
later word wins, and denied wins a tie; `unknown` is no word. For a number, leave to text counts; to be
refused, any channel is enough. In the customers feed only `consent_at` dates a word: a visit or an update
says nothing of it. Leave without a date is older than every dated word; a refusal without one beats every
leave, because none is known to be later. Leave waits for the as-of date, a refusal counts at once.
"""

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import clean_files, confirmed_on


def find_consent(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `consent`: one row per contact point that somebody gave a word for."""
    known_at = "coalesce(consent_at, updated_at, created_at)"
    con.execute(
        f"""create temp table consent as
            with words as (
                select 'email' as kind, clean_email as value, email_consent as state, consent_at as said_at,
                       null as basis, {known_at}::date as day
                from {clean_files(home, "customers")} where email_validity = 'valid'
                union all
                select 'phone', clean_phone, sms_consent, consent_at, null, {known_at}::date
                from {clean_files(home, "customers")} where phone_validity = 'valid'
                union all
                select 'email', clean_email, email_consent, signed_up_at, 'express',
                       coalesce(event_local_at, signed_up_at)::date
                from {clean_files(home, "signups")} where email_validity = 'valid'
                union all
                select contact_kind, clean_contact, state, "at", basis, coalesce(event_local_at, "at")::date
                from {clean_files(home, "consents")}
                where contact_validity = 'valid'
                  and (state = 'denied' or contact_kind = 'email' and lower(channel) in ('email', 'all')
                       or contact_kind = 'phone' and lower(channel) in ('sms', 'text', 'all'))),
            ranked as (
                select *, row_number() over (
                    partition by kind, value
                    order by state = 'denied' and said_at is null desc,
                             said_at desc nulls last, state = 'denied' desc, basis) as place
                from words, run
                where state = 'denied' or state = 'granted' and (day is null or day <= run.as_of_date))
            select kind, value, state as consent_state, said_at as consent_at, basis as consent_basis
            from ranked where place = 1"""
    )


def write_contact_points(con: duckdb.DuckDBPyConnection) -> None:
    """Table `contact_points`: one row per customer, kind and value; needs `golden_records` and `consent`."""
    said = " union all ".join(
        f"""select p.customer_id, '{kind}' as kind, o.{kind} as value, o.{kind}_validity as validity,
                   {confirmed_on("o", "r")} as confirmed_on
            from observed o join people p using (record_no) join records r using (record_no)
            where o.{kind} is not null"""
        for kind in ("email", "phone")
    )
    con.execute(
        f"""create temp table contact_points as
            select s.customer_id, s.kind, s.value, max(s.validity) as validity,
                   coalesce(max(w.consent_state), 'unknown') as consent_state,
                   max(w.consent_at) as consent_at, max(w.consent_basis) as consent_basis,
                   max(s.confirmed_on) as last_confirmed_on,
                   bool_or(s.value is not distinct from case s.kind when 'email' then g.email else g.phone end)
                       as is_golden
            from ({said}) s join golden_records g using (customer_id)
            left join consent w on w.kind = s.kind and w.value = s.value
            group by s.customer_id, s.kind, s.value"""
    )
