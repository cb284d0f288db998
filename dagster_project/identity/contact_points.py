"""Contact points, and the consent that belongs to them.

Consent is a word given for one e-mail address or one phone number, whoever's record it stands in. The
later word wins, and denied wins a tie; `unknown` is no word. For a number, leave to text counts; to be
refused, any channel is enough. In the customers feed only `consent_at` dates a word: a visit or an update
says nothing of it. Leave without a date is older than every dated word; a refusal without one beats every
leave, because none is known to be later. Leave waits for the as-of date, a refusal counts at once. A complaint or
an unsubscribe told by a tool beats every word, whenever it was given.
"""

import duckdb

from dagster_project.home import Home
from dagster_project.identity.observations import clean_files, confirmed_on


def find_engagement(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `engaged`: per contact point when its person last clicked (which confirms it), when it bounced for good,
    and when its person complained or unsubscribed. Opens confirm nothing: machines open too."""
    con.execute(
        f"""create temp table engaged as
            select contact_kind as kind, clean_contact as value,
                   max(day) filter (event in ('clicked', 'page_viewed') and day <= run.as_of_date) as engaged_on,
                   max(day) filter (event = 'bounced_hard') as bounced_on,
                   max(day) filter (event in ('complained', 'unsubscribed')) as suppressed_on,
                   max("at") filter (event in ('complained', 'unsubscribed')) as suppressed_at
            from (select *, coalesce(event_local_at, "at")::date as day from {clean_files(home, "engagement")}), run
            where contact_validity = 'valid'
            group by all"""
    )


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
            judged as (
                select *, false as is_suppression from words
                union all
                select kind, value, 'denied', suppressed_at, 'suppression', suppressed_on, true
                from engaged where suppressed_on is not null),
            ranked as (
                select *, row_number() over (
                    partition by kind, value
                    order by is_suppression desc, state = 'denied' and said_at is null desc,
                             said_at desc nulls last, state = 'denied' desc, basis) as place
                from judged, run
                where state = 'denied' or state = 'granted' and (day is null or day <= run.as_of_date))
            select kind, value, state as consent_state, said_at as consent_at, basis as consent_basis
            from ranked where place = 1"""
    )


def write_contact_points(con: duckdb.DuckDBPyConnection) -> None:
    """Table `contact_points`: one row per customer, kind and value; needs `golden_records` and `consent`."""
    said = " union all ".join(
        f"""select p.customer_id, '{kind}' as kind, o.{kind} as value, o.{kind}_validity as validity,
                   {confirmed_on("o", "r")} as confirmed_on, o.first_on
            from observed o join people p using (record_no) join records r using (record_no)
            where o.{kind} is not null"""
        for kind in ("email", "phone")
    )
    con.execute(
        f"""create temp table contact_points as
            with points as (
            select s.customer_id, s.kind, s.value, max(s.validity) as validity,
                   coalesce(max(w.consent_state), 'unknown') as consent_state,
                   max(w.consent_at) as consent_at, max(w.consent_basis) as consent_basis,
                   greatest(max(s.confirmed_on), max(e.engaged_on)) as last_confirmed_on,
                   min(s.first_on) as first_seen_on, max(e.engaged_on) as engaged_on,
                   case when coalesce(max(e.bounced_on) > max(e.engaged_on), max(e.bounced_on) is not null)
                        then max(e.bounced_on) end as bounced_on,
                   bool_or(s.value is not distinct from case s.kind when 'email' then g.email else g.phone end)
                       as is_golden
            from ({said}) s join golden_records g using (customer_id)
            left join consent w on w.kind = s.kind and w.value = s.value
            left join engaged e on e.kind = s.kind and e.value = s.value
            group by s.customer_id, s.kind, s.value)
            select p.*, n.replaced_on
            from points p left join (
                select a.customer_id, a.kind, a.value, min(b.first_seen_on) as replaced_on
                from points a join points b on b.customer_id = a.customer_id and b.kind = a.kind
                where not a.is_golden and b.validity = 'valid' and b.first_seen_on > a.last_confirmed_on
                group by all) n on n.customer_id = p.customer_id and n.kind = p.kind and n.value = p.value"""
    )
