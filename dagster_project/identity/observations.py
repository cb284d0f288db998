"""What every feed says about whom: one row per distinct saying, with when and how often it was said.

A row belongs to its customer id where it has one, else to its contact (valid e-mail, then valid phone).
A name alone, or a payment fingerprint alone, points to nobody.
"""

import duckdb

from dagster_project.home import Home

# Source priority of a saying: the customers feed, then sign-ups, then what a till captured with an order.
CUSTOMERS, SIGNUPS, TILL = 1, 2, 3

# What tills write: who ordered, and who paid.
TILL_FEEDS = ("orders", "order_lines", "payments")

# The columns of a saying that are about the person, in the table's order.
SAID = {
    "first_name": "varchar",
    "last_name": "varchar",
    "email": "varchar",
    "email_validity": "varchar",
    "phone": "varchar",
    "phone_validity": "varchar",
    "address": "varchar",
    "city": "varchar",
    "region": "varchar",
    "postal_code": "varchar",
    "country": "varchar",
    "birth_date": "date",
    "how_heard": "varchar",
    "preferred_channel": "varchar",
    "preferred_frequency": "varchar",
    "household_size": "bigint",
    "account_kind": "varchar",
    "payment_fingerprint": "varchar",
}

CONTACT = """case when email_validity = 'valid' then clean_email
                  when phone_validity = 'valid' then clean_phone end"""
# The location an id counts in, empty where it counts in the whole network.
SCOPE = "case when customer_id_scope = 'network' then '' else coalesce(location_id, '') end"


def clean_files(home: Home, feed: str) -> str:
    """The SQL source that reads every clean file of a feed."""
    glob = str(home.clean(feed) / "*.parquet").replace("'", "''")
    return f"read_parquet('{glob}')"


def confirmed_on(observed: str, record: str) -> str:
    """SQL: the last day a saying's person was seen using it: a visit or an update of a record confirms what
    the customers feed and sign-ups say of its person, an order what was captured with it."""
    return f"case when {observed}.priority = {TILL} then {observed}.last_on else {record}.last_seen_date end"


def till_rows(home: Home, feed: str) -> str:
    """Rows of a till's feed that point to a person: source, scope, who, is_contact, is_payer and the row's own.

    Where an export names the check alone, the check's id stands for the order's; dbt brings them together."""
    is_payment = feed == "payments"
    customer = "null::varchar" if is_payment else "source_customer_id"
    day = "coalesce(event_local_at, paid_at)::date" if is_payment else "business_date"
    return f"""
        select source_system as source, {SCOPE} as scope, coalesce({customer}, {CONTACT}) as who,
               {customer} is null as is_contact, {is_payment} as is_payer, location_id,
               coalesce(order_id, check_id) as order_id, {day} as business_date,
               clean_first_name, clean_last_name, clean_email, customer_email, email_validity,
               clean_phone, customer_phone, phone_validity, payment_fingerprint
        from {clean_files(home, feed)}, run
        where {day} <= run.as_of_date and coalesce({customer}, {CONTACT}) is not null"""


def collect_observations(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Table `observations`: source, scope, who, is_contact, priority, SAID, first_on, last_on, seen."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in SAID.items())
    con.execute(
        f"""create temp table observations (source varchar, scope varchar, who varchar, is_contact boolean,
            priority tinyint, {columns}, first_on date, last_on date, seen bigint)"""
    )
    con.execute(f"insert into observations by name {_customers(home)}")
    con.execute(f"insert into observations by name {_signups(home)}")
    for feed in TILL_FEEDS:
        con.execute(f"insert into observations by name {_till(home, feed)}")


def _contact_values(email: str, phone: str) -> str:
    """Valid contacts in their comparable form, invalid ones as they came; missing ones are null."""
    return f"""
        case when email_validity = 'missing' then null else coalesce(clean_email, lower(trim({email}))) end as email,
        email_validity,
        case when phone_validity = 'missing' then null else coalesce(clean_phone, trim({phone})) end as phone,
        phone_validity"""


def _customers(home: Home) -> str:
    updated = "case when updated_at::date <= run.as_of_date then updated_at::date end"
    return f"""
        select source_system as source, {SCOPE} as scope, source_customer_id as who, false as is_contact,
               {CUSTOMERS} as priority, clean_first_name as first_name, clean_last_name as last_name,
               {_contact_values("email", "phone")}, clean_address as address, city, region,
               clean_postal_code as postal_code, country, birth_date, how_heard, preferred_channel,
               preferred_frequency, household_size, account_kind,
               min(coalesce(created_at::date, {updated})) as first_on,
               max(greatest(created_at::date, {updated})) as last_on,
               count(*) as seen
        from {clean_files(home, "customers")}, run
        where created_at is null or created_at::date <= run.as_of_date
        group by all"""


def signup_rows(home: Home) -> str:
    """Sign-ups that point to a person: source, scope, who, is_contact, day and the row's own."""
    day = "coalesce(event_local_at, signed_up_at)::date"
    return f"""
        select source_system as source, '' as scope, {CONTACT} as who, true as is_contact, {day} as day,
               s.* exclude (source)
        from {clean_files(home, "signups")} s, run
        where {day} <= run.as_of_date and {CONTACT} is not null"""


def _signups(home: Home) -> str:
    return f"""
        select source, scope, who, is_contact,
               {SIGNUPS} as priority, clean_first_name as first_name, clean_last_name as last_name,
               {_contact_values("email", "phone")}, clean_postal_code as postal_code,
               min(day) as first_on, max(day) as last_on, count(*) as seen
        from ({signup_rows(home)})
        group by all"""


def _till(home: Home, feed: str) -> str:
    return f"""
        select source, scope, who, is_contact, {TILL} as priority,
               clean_first_name as first_name, clean_last_name as last_name,
               {_contact_values("customer_email", "customer_phone")}, payment_fingerprint,
               min(business_date) as first_on, max(business_date) as last_on, count(*) as seen
        from ({till_rows(home, feed)})
        group by all"""
