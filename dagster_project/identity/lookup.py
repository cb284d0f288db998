"""Who is meant: a customer or a record by what a person has at hand, an id, a record, an e-mail, a phone or a name.

What was looked for may be personal data, so only ids are ever repeated in an error.
"""

import re
from dataclasses import dataclass
from typing import Any

import duckdb
import phonenumbers

from dagster_project.errors import IdentityError
from dagster_project.identity.comparable import comparable_email, folded
from dagster_project.network import Network

CUSTOMER_ID = re.compile(r"c[0-9a-f]{1,15}")
MEANT = """(source_record_id = $name
            or source = $source and coalesce(location_id, '') = $location and source_record_id = $record)"""
HOW = "a customer_id, a record (source/location/id), an e-mail, a phone or a name"


@dataclass(frozen=True)
class Record:
    """A record as the mart customer_identities names it; `location_id` is empty where its ids hold everywhere."""

    source: str
    location_id: str
    source_record_id: str

    def __str__(self) -> str:
        return f"{self.source}/{self.location_id}/{self.source_record_id}"


def name_of(record: dict[str, Any]) -> str:
    """A row of a record as a person names it."""
    return str(Record(record["source"], record["location_id"] or "", record["source_record_id"]))


def output_of(network: Network, name: str) -> str:
    """SQL that reads one output of the last night's identity. Raises IdentityError when none has run."""
    path = network.home.identity / f"{name}.parquet"
    if not path.is_file():
        raise IdentityError(f"{path}: no night has run here yet; run make run NETWORK={network.file} first")
    return "read_parquet('" + str(path).replace("'", "''") + "')"


def living_id(network: Network, customer_id: str) -> str | None:
    """The id itself, or who it leads to; None when nobody ever had it."""
    rows = duckdb.execute(
        f"""select customer_id from {output_of(network, "customer_identities")}
            where customer_id = $id and valid_to is null
            union all select living_customer_id from {output_of(network, "retired_ids")} where customer_id = $id""",
        {"id": customer_id},
    ).fetchall()
    return rows[0][0] if rows else None


def find_customers(network: Network, who: str) -> list[str]:
    """The living customers meant, one or several, by id. Raises IdentityError when there are none."""
    if not who:
        raise IdentityError(f"CUSTOMER is missing: {HOW}; marts.identity_review lists pairs worth a look")
    if CUSTOMER_ID.fullmatch(who) and (living := living_id(network, who)):
        return [living]
    for meant in (_by_record, _by_contact, _by_name):
        if found := meant(network, who):
            return found
    if CUSTOMER_ID.fullmatch(who):
        raise IdentityError(f"CUSTOMER={who}: nobody has this id; look in marts.customer_identities for one")
    raise IdentityError(f"CUSTOMER: nobody is known by that; name {HOW}")


def find_record(network: Network, name: str, side: str) -> Record:
    """The record meant by source/location/id, by an id alone where it is one record's, or by a customer id."""
    if not name:
        raise IdentityError(f"{side} is missing: a record as make explain prints it (source/location/id)")
    rows = duckdb.execute(
        f"""select distinct source, coalesce(location_id, ''), source_record_id, record_key, customer_id = $name
            from {output_of(network, "customer_identities")} where valid_to is null
            and (customer_id = $name or {MEANT}) order by record_key""",
        {"name": name} | _parts(name),
    ).fetchall()
    if not rows:
        raise IdentityError(f"{side}: no such record or customer; make explain prints records as source/location/id")
    if len(rows) > 1 and not rows[0][4]:
        known = ", ".join(str(Record(*row[:3])) for row in rows[:3])
        raise IdentityError(f"{side}: {len(rows)} records have this id ({known} ..); name one as source/location/id")
    return Record(*rows[0][:3])


def _parts(name: str) -> dict[str, str]:
    source, _, rest = name.partition("/")
    location, _, record = rest.partition("/")
    return {"source": source, "location": location, "record": record}


def _by_record(network: Network, who: str) -> list[str]:
    rows = duckdb.execute(
        f"""select distinct customer_id from {output_of(network, "customer_identities")}
            where valid_to is null and {MEANT} order by 1""",
        {"name": who} | _parts(who),
    ).fetchall()
    return [customer_id for (customer_id,) in rows]


def _by_contact(network: Network, who: str) -> list[str]:
    if "@" in who:
        return _saying(network, f"{comparable_email('email')} = {comparable_email('$value')}", who.strip().lower())
    try:
        number = phonenumbers.parse(who, network.network.country)
    except phonenumbers.NumberParseException:
        return []
    return _saying(network, "phone = $value", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _by_name(network: Network, who: str) -> list[str]:
    spoken = f"{folded('first_name')} || {folded('last_name')}"
    return _saying(network, f"{spoken} = {folded('$value')} and {folded('$value')} <> ''", who)


def _saying(network: Network, condition: str, value: str) -> list[str]:
    rows = duckdb.execute(
        f"""select distinct i.customer_id
            from {output_of(network, "record_values")} v join {output_of(network, "customer_identities")} i
              on i.record_key = v.record_key and i.valid_to is null
            where {condition} order by 1""",
        {"value": value},
    ).fetchall()
    return [customer_id for (customer_id,) in rows]
