"""The columns cleaning adds to a feed, computed over a batch of landed rows.

Only distinct values are parsed: a column is dictionary-encoded, its dictionary judged, and the judgement
taken back by index. What was judged in one batch is remembered for the next (a bounded memo).
"""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.clean.contacts import MISSING, judge_contact, judge_email, judge_phone
from dagster_project.clean.names import split_name, tidy_name
from dagster_project.clean.places import tidy_address, tidy_postal_code
from dagster_project.feeds import Feed
from dagster_project.ops import EMAIL, PHONE, masked

PERSON_ROLES = ("email", "phone", "full_name", "first_name", "last_name", "postal_code", "address")
PERSON_COLUMNS = (
    "clean_email",
    "email_validity",
    "clean_phone",
    "phone_validity",
    "clean_first_name",
    "clean_last_name",
    "clean_address",
    "clean_postal_code",
)
FREE_ROLES = (None, "city", "region", "country")
# What rows are told apart by stays as it came: two receipts must not become one.
IDS = ("order_id", "line_id", "check_id", "refunds_order_id", "location_id")
CONTACT_COLUMNS = ("clean_contact", "contact_kind", "contact_validity")
ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
    "DATE": pa.date32(),
}

Judge = Callable[..., Sequence[str | None]]


def clean_schema(feed: Feed) -> dict[str, str]:
    """Column name -> DuckDB type of a clean Parquet file of this feed: the landed columns, then the added ones."""
    added: tuple[str, ...] = ()
    if any(feed.with_role(role) for role in PERSON_ROLES):
        added += PERSON_COLUMNS
    if feed.with_role("contact"):
        added += CONTACT_COLUMNS
    return feed.landed_schema() | dict.fromkeys(added, "VARCHAR")


def free_text_columns(feed: Feed) -> frozenset[str]:
    """Text columns in which no contact belongs: no contact's role, no id of rows."""
    return frozenset(c.name for c in feed.columns if c.type == "text" and c.role in FREE_ROLES and c.name not in IDS)


def arrow_schema(columns: dict[str, str]) -> pa.Schema:
    return pa.schema([(name, ARROW_TYPES[type_]) for name, type_ in columns.items()])


def clean_rows(feed: Feed, landed: pa.Table, country_of: dict[str, str], home_country: str) -> pa.Table:
    """Landed rows (feed.landed_schema()) with the added columns (clean_schema(feed)).

    An address or a number that a till put into free text, such as a product's name, is masked.
    `country_of` tells the country of a location; where it does not, phones are read in `home_country`.
    """
    countries = _countries(feed, landed, country_of, home_country)
    nothing = pa.nulls(len(landed), pa.string())

    def judged(role: str, judge: Judge, answers: int) -> list[pa.Array]:
        column = feed.with_role(role)
        return _judge(landed[column.name], countries, judge, answers) if column else [nothing] * answers

    email, email_validity = judged("email", lambda raw, _: judge_email(raw), 2)
    phone, phone_validity = judged("phone", judge_phone, 2)
    contact, contact_kind, contact_validity = judged("contact", judge_contact, 3)
    [first] = judged("first_name", lambda raw, _: (tidy_name(raw),), 1)
    [last] = judged("last_name", lambda raw, _: (tidy_name(raw),), 1)
    split_first, split_last = judged("full_name", lambda raw, _: split_name(raw), 2)
    is_named = pc.or_(pc.is_valid(first), pc.is_valid(last))
    [address] = judged("address", lambda raw, _: (tidy_address(raw),), 1)
    [postal_code] = judged("postal_code", lambda raw, country: (tidy_postal_code(raw, country),), 1)
    added = {
        "clean_email": email,
        "email_validity": pc.fill_null(email_validity, MISSING),
        "clean_phone": phone,
        "phone_validity": pc.fill_null(phone_validity, MISSING),
        "clean_first_name": pc.if_else(is_named, first, split_first),
        "clean_last_name": pc.if_else(is_named, last, split_last),
        "clean_address": address,
        "clean_postal_code": postal_code,
        "clean_contact": contact,
        "contact_kind": pc.fill_null(contact_kind, "unknown"),
        "contact_validity": pc.fill_null(contact_validity, MISSING),
    }
    schema = arrow_schema(clean_schema(feed))
    free = free_text_columns(feed)
    rest = {name: _without_contacts(landed[name]) if name in free else landed[name] for name in landed.column_names}
    columns = [added[name] if name in added else rest[name] for name in schema.names]
    return pa.table(columns, schema=schema)


def _without_contacts(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """The column with contact details masked; untouched, after one look at its distinct values, where it has none."""
    encoded = column.combine_chunks().dictionary_encode()
    if not pc.any(pc.match_substring_regex(encoded.dictionary, f"{EMAIL}|{PHONE}")).as_py():
        return column
    return pa.array([masked(text) for text in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _countries(feed: Feed, landed: pa.Table, country_of: dict[str, str], home_country: str) -> pa.Array:
    """The country each row's phone is read in."""
    if not feed.with_role("location"):
        return pa.repeat(pa.scalar(home_country), len(landed))
    [found] = _taken(landed["location_id"], lambda location: (country_of.get(location, home_country),), 1)
    return pc.fill_null(found, home_country)


def _judge(column: pa.ChunkedArray, countries: pa.Array, judge: Judge, answers: int) -> list[pa.Array]:
    """`judge(raw, country)` of every row, country by country: one array per answer, null where raw is."""
    judged = [pa.nulls(len(column), pa.string())] * answers
    for country in pc.unique(countries).to_pylist():
        here = pc.equal(countries, country)
        raw = pc.if_else(here, column, pa.scalar(None, pa.string()))
        found = _taken(raw, lambda value, country=country: judge(value, country), answers)
        judged = [pc.if_else(here, new, old) for new, old in zip(found, judged, strict=True)]
    return judged


def _taken(column: pa.ChunkedArray | pa.Array, judge: Judge, answers: int) -> list[pa.Array]:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = whole.dictionary_encode()
    judged = [judge(raw) for raw in encoded.dictionary.to_pylist()]
    return [pa.array([row[n] for row in judged], pa.string()).take(encoded.indices) for n in range(answers)]
