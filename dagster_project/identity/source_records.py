"""Source records: one per source, location (or network) and customer id, or contact where there is no id."""

import hashlib
import hmac

import duckdb
import pyarrow as pa

from dagster_project.identity.observations import SIGNUPS

HASH_LENGTH = 32


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
                     left join contact_hashes h on h.who = case when k.is_contact then k.who end))"""
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
    """Table `contact_hashes`: each distinct contact and its keyed hash (HMAC-SHA256, the first 32 hex digits)."""
    contacts = con.execute("select distinct who from observations where is_contact").to_arrow_table()["who"]
    hashed = [
        hmac.digest(hash_key, contact.encode(), hashlib.sha256).hex()[:HASH_LENGTH] for contact in contacts.to_pylist()
    ]
    con.register("hashed", pa.table({"who": contacts, "hashed": pa.array(hashed, pa.string())}))
    con.execute("create temp table contact_hashes as select * from hashed")
    con.unregister("hashed")
