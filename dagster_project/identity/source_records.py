"""Source records: one per source, location (or network) and customer id, or contact where there is no id.

A till whose customer ids are phones, e-mails or names would publish them with its ids and, as a hash that can
be guessed, with its keys. What is shaped like one is named by a keyed hash, like a record without an id. The
shape alone decides: a key must not change because a phone is added. Bare numbers of 10 or 11 digits may be
phones in most countries and are hashed, all of them, so that a till's ids of one length fare alike; shorter
and longer bare numbers stay. Nothing joins on the published id, so a hash too many costs only a lookup.
"""

import hashlib
import hmac

import duckdb
import pyarrow as pa

from dagster_project.identity.observations import SIGNUPS

HASH_LENGTH = 32
PHONE_SHAPE = r"(tel:)?\s*\+?[0-9\s().\/-]*"
CONTACT_SHAPED = rf"""(contains(who, '@') or regexp_matches(who, '\p{{L}}\s+\p{{L}}')
    or regexp_full_match(who, '{PHONE_SHAPE}') and not regexp_full_match(who, '[0-9]+')
       and length(regexp_replace(who, '[^0-9]', '', 'g')) >= 7
    or regexp_full_match(who, '[0-9]{{10,11}}'))"""


def build_source_records(con: duckdb.DuckDBPyConnection, hash_key: bytes) -> None:
    """Tables `records` (one row per source record), `known_as` (how rows name it) and `observed`.

    `record_no` counts records in the order of their keys, so the lowest number is the lowest key.
    `observed` holds the sayings by record_no.
    """
    _hash_contacts(con, hash_key)
    con.execute(
        """create temp table known_as as
           select row_number() over (order by record_key) - 1 as record_no, * from (
               select md5(source || '|' || scope || '|' || source_record_id) as record_key, *
               from (select k.*, coalesce(h.hashed, k.who) as source_record_id
                     from (select distinct source, scope, who, is_contact from observations) k
                     left join contact_hashes h using (who, is_contact)))"""
    )
    con.execute(
        """create temp table observed as
           select k.record_no, o.* exclude (source, scope, who, is_contact)
           from observations o join known_as k using (source, scope, who, is_contact)"""
    )
    con.execute("drop table observations")
    con.execute(
        f"""create temp table records as
           with seen as (
               select record_no,
                      coalesce(max(account_kind) filter (where account_kind = 'test'),
                               max(account_kind) filter (where account_kind = 'staff'),
                               max(account_kind) filter (where account_kind = 'business'),
                               'person') as account_kind,
                      bool_and(priority = {SIGNUPS}) as is_prospect_record,
                      min(first_on) as first_seen_date, max(last_on) as last_seen_date
               from observed group by record_no)
           select record_no, k.record_key, k.source, nullif(k.scope, '') as location_id, k.source_record_id,
                  s.* exclude (record_no)
           from known_as k join seen s using (record_no)"""
    )


def _hash_contacts(con: duckdb.DuckDBPyConnection, hash_key: bytes) -> None:
    """Table `contact_hashes`: each distinct contact, and id that looks like one, with its keyed hash (HMAC-SHA256,
    the first 32 hex digits). An id is marked as such, so that it never takes the name of a record without an id."""
    contacts = con.execute(
        f"""select who, is_contact, case when is_contact then who else 'id ' || who end as text
            from (select distinct who, is_contact from observations) where is_contact or {CONTACT_SHAPED}"""
    ).to_arrow_table()
    hashed = [
        hmac.digest(hash_key, text.encode(), hashlib.sha256).hex()[:HASH_LENGTH]
        for text in contacts["text"].to_pylist()
    ]
    con.register("hashed", contacts.drop_columns("text").append_column("hashed", pa.array(hashed, pa.string())))
    con.execute("create temp table contact_hashes as select * from hashed")
    con.unregister("hashed")
