"""The golden record: each rule decides only where those before it leave a tie."""

from datetime import date

MAIL = "ana@mail.example"


def winner(lake, field: str, record: str = "1") -> tuple:
    """(value, rule, losers) of the customer whose a record is."""
    customer_id = lake.ids()[record]
    [audit] = [a for a in lake.read("golden_record_audit") if (a["customer_id"], a["field"]) == (customer_id, field)]
    return lake.golden()[customer_id][field], audit["rule"], audit["losers"]


def ana(person, record: str, **columns) -> dict:
    return person(record, "Ana Diaz", email=MAIL) | columns


def order(order_id: str, record: str, day: str, **columns) -> dict:
    return {
        "order_id": order_id,
        "ordered_at": f"{day} 10:00",
        "business_date": day,
        "source_customer_id": record,
    } | columns


def test_valid_before_consented(lake, person):
    lake.customers(
        ana(person, "1", phone="+12125550101"),
        ana(person, "2", phone="12", phone_validity="invalid", sms_consent="granted", updated_at="2026-09-01"),
    )
    lake.resolve()
    assert winner(lake, "phone") == ("+12125550101", "valid", 1)


def test_consented_before_source_priority(lake, person):
    """Bob has said that the number he gave at the till may be texted; Ana has said nothing."""
    lake.customers(
        person("1", "Ana Diaz", phone="+12125550101"),
        person("2", "Bob Ray", phone="+12125550201"),
    )
    lake.orders(
        order("o1", "1", "2026-02-01", phone="+12125550102"), order("o2", "2", "2026-02-01", phone="+12125550202")
    )
    lake.put(
        "consents",
        [
            {
                "contact": "2125550202", "clean_contact": "+12125550202", "contact_kind": "phone",
                "contact_validity": "valid", "channel": "sms", "state": "granted", "at": "2026-02-01 10:00",
            }
        ],
    )  # fmt: skip
    lake.resolve()
    assert winner(lake, "phone", "1") == ("+12125550101", "source_priority", 1)
    assert winner(lake, "phone", "2") == ("+12125550202", "consented", 1)


def test_source_priority_customers_then_signups_then_till(lake, person):
    """Bob stands in a list of customers too, Ana only at the till and on a form."""
    lake.orders(
        order("o1", "1", "2026-05-01", email=MAIL, first_name="Ana", last_name="Till"),
        order("o2", "2", "2026-05-01", email="bob@mail.example", first_name="Bob", last_name="Till"),
    )
    form = {"signed_up_at": "2026-01-01", "last_name": "Form"}
    lake.put(
        "signups",
        [
            form | {"signup_id": "s1", "email": MAIL, "first_name": "Ana"},
            form | {"signup_id": "s2", "email": "bob@mail.example", "first_name": "Bob"},
        ],
    )
    lake.customers(person("3", "Bob File", email="bob@mail.example", created_at="2025-01-01"))
    lake.resolve()
    assert winner(lake, "last_name", "1") == ("Form", "source_priority", 1)
    assert winner(lake, "last_name", "2") == ("File", "source_priority", 2)


def test_most_recently_confirmed_counts_a_visit_of_its_person(lake, person):
    """Both wrote Lynn before Salem; Bob has since bought under the record that says Lynn."""
    for one, other, name, mail in (("1", "2", "Ana Diaz", MAIL), ("3", "4", "Bob Ray", "bob@mail.example")):
        lake.customers(
            person(one, name, email=mail, city="Lynn", updated_at="2026-03-01"),
            person(other, name, email=mail, city="Salem", updated_at="2026-04-01"),
            file_key=f"f{one}",
        )
    lake.orders(order("o1", "3", "2026-05-01"))
    lake.resolve()
    assert winner(lake, "city", "1") == ("Salem", "most_recently_confirmed", 1)
    assert winner(lake, "city", "3") == ("Lynn", "most_recently_confirmed", 1)


def test_most_frequent_then_longest_then_lowest_key(lake, person):
    lake.customers(
        ana(person, "1", city="Lynn"), ana(person, "2", city="Lynn"), ana(person, "3", city="Salem"),
        ana(person, "4", region="MA"), ana(person, "5", region="Mass"),
        ana(person, "6", how_heard="web"), ana(person, "7", how_heard="ads"),
    )  # fmt: skip
    lake.resolve()
    assert winner(lake, "city") == ("Lynn", "most_frequent", 1)
    assert winner(lake, "region") == ("Mass", "longest", 1)
    value, rule, losers = winner(lake, "how_heard")
    keys = {r["source_record_id"]: r["record_key"] for r in lake.read("source_records")}
    assert (rule, losers) == ("lowest_key", 1)
    assert value == ("web" if keys["6"] < keys["7"] else "ads")
    [audit] = [a for a in lake.read("golden_record_audit") if a["field"] == "how_heard"]
    assert audit["source_record_key"] == min(keys["6"], keys["7"])


def test_an_only_value_and_a_missing_one(lake, person):
    lake.customers(ana(person, "1", birth_date="1980-05-17", household_size="3", updated_at="2026-03-01"))
    lake.resolve()
    [golden] = lake.read("golden_records")
    assert winner(lake, "birth_date") == (date(1980, 5, 17), "only", 0)
    assert (golden["household_size"], golden["email_validity"], golden["phone"]) == (3, "valid", None)
    assert (golden["phone_validity"], golden["address_validity"]) == ("missing", "missing")
    assert (golden["email_confirmed_on"], golden["phone_confirmed_on"]) == (date(2026, 3, 1), None)
    assert (golden["account_kind"], golden["first_created_on"]) == ("person", date(2026, 1, 1))


def test_a_stated_account_kind_beats_the_default_and_a_name_beats_an_initial(lake, person):
    lake.customers(ana(person, "1", account_kind="staff"), ana(person, "2", first_name="A.", updated_at="2026-09-01"))
    lake.resolve()
    assert winner(lake, "account_kind") == ("staff", "valid", 1)
    assert winner(lake, "first_name") == ("Ana", "valid", 1)


def test_everybody_has_a_golden_record_even_without_a_value(lake):
    lake.orders({"order_id": "o1", "business_date": "2026-02-01", "source_customer_id": "1"})
    lake.resolve()
    [golden] = lake.read("golden_records")
    assert (golden["first_name"], golden["email"], golden["email_validity"]) == (None, None, "missing")
