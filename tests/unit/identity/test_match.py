"""The exact rules and the household guard: which records become one customer."""

import random
import unicodedata

import pytest

E1, E2 = "one@mail.example", "two@mail.example"
P1, P2 = "+12125550101", "+12125550102"
HOME = {"address": "1 Main St", "postal_code": "02134"}


def groups(*members: str) -> set[frozenset[str]]:
    """ "ab", "c" -> {{a, b}, {c}}."""
    return {frozenset(group) for group in members}


@pytest.mark.parametrize(
    ("rule", "shared"),
    [
        ("email", {"email": E1}),
        ("phone", {"phone": P1}),
        ("name_birth_date", {"birth_date": "1980-05-17"}),
        ("name_address", HOME),
    ],
)
def test_each_rule_ties_two_records_of_one_person(lake, person, rule, shared):
    lake.customers(person("a", "Ana Diaz", **shared), person("b", "ANÁ Díaz", **shared), person("c", "Ana Diaz"))
    lake.resolve()
    assert lake.people() == groups("ab", "c")
    rules = {row["source_record_id"]: row["match_rule"] for row in lake.read("customer_identities")}
    assert rules == {"a": rule, "b": rule, "c": "single"}


def test_the_strongest_rule_is_reported(lake, person):
    lake.customers(person("a", "Ana Diaz", email=E1, phone=P1), person("b", "Ana Diaz", email=E1, phone=P1, **HOME))
    lake.resolve()
    assert {row["match_rule"] for row in lake.read("customer_identities")} == {"email"}


@pytest.mark.parametrize("shared", [{"email": E1}, {"phone": P1}, HOME, {"email": E1, "phone": P1, **HOME}])
def test_a_couple_that_shares_contacts_stays_two(lake, person, shared):
    lake.customers(person("a", "Ana Diaz", **shared), person("b", "Bob Diaz", **shared))
    lake.resolve()
    assert lake.people() == groups("a", "b")


def test_a_chain_cannot_connect_what_its_ends_would_refuse(lake, person):
    lake.customers(
        person("a", "Ana Diaz", email=E1),
        person("x", None, email=E1, phone=P1),
        person("b", "Bob Diaz", phone=P1),
    )
    lake.resolve()
    assert lake.people() == groups("ax", "b")


def test_a_nameless_record_on_a_couples_phone_is_not_guessed(lake, person):
    lake.customers(person("a", "Ana Diaz", phone=P1), person("b", "Bob Diaz", phone=P1), person("x", None, phone=P1))
    lake.resolve()
    assert lake.people() == groups("a", "b", "x")


def test_a_nameless_record_on_one_persons_phone_is_theirs(lake, person):
    lake.customers(person("a", "Ana Diaz", phone=P1), person("x", None, phone=P1))
    lake.resolve()
    assert lake.people() == groups("ax")


def test_the_email_outweighs_the_phone_for_a_nameless_record(lake, person):
    lake.customers(
        person("a", "Ana Diaz", email=E1),
        person("b", "Bob Diaz", phone=P1),
        person("x", None, email=E1, phone=P1),
    )
    lake.resolve()
    assert lake.people() == groups("ax", "b")


def test_a_name_travels_along_nameless_records(lake, person):
    lake.customers(
        person("a", "Ana Diaz", phone=P1), person("x", None, phone=P1, email=E1), person("y", None, email=E1)
    )
    lake.resolve()
    assert lake.people() == groups("axy")


def test_an_initial_joins_the_one_name_it_fits(lake, person):
    lake.customers(person("j", "J. Ray", email=E1), person("k", "John Ray", email=E1), person("m", "Mia Ray", email=E1))
    lake.resolve()
    assert lake.people() == groups("jk", "m")


def test_an_initial_that_fits_two_names_stays_by_itself(lake, person):
    lake.customers(person("j", "J Ray", email=E1), person("k", "John Ray", email=E1), person("l", "Jane Ray", email=E1))
    lake.resolve()
    assert lake.people() == groups("j", "k", "l")


def test_two_initials_that_conflict_stay_two_with_a_nameless_third(lake, person):
    lake.customers(person("j", "J Ray", email=E1), person("m", "M Ray", email=E1), person("x", None, email=E1))
    lake.resolve()
    assert lake.people() == groups("j", "m", "x")


def test_a_phone_alone_needs_last_names_that_agree(lake, person):
    lake.customers(
        person("a", "Ana Diaz", phone=P1), person("b", "Ana Ray", phone=P1), person("c", "Ana", phone=P1),
        person("d", "Ana Diaz", phone=P2), person("e", "Ana", phone=P2),
    )  # fmt: skip
    lake.resolve()
    assert lake.people() == groups("a", "b", "c", "de")


def test_a_contact_of_more_than_five_names_carries_no_weight(lake, person):
    names = ["Ana Diaz", "Bob Ray", "Cem Kaya", "Dee Low", "Eva Lund", "Fay Moss"]
    lake.customers(*(person(f"{n[0]}{i}", n, phone=P1) for n in names for i in (1, 2)))
    lake.resolve()
    assert len(lake.people()) == 12
    lake.customers(*(person(f"{n[0]}{i}", n, phone=P1) for n in names[:5] for i in (1, 2)))
    lake.resolve()
    assert len(lake.people()) == 5


def test_an_invalid_contact_ties_nobody(lake, person):
    lake.customers(
        person("a", "Ana Diaz", email="ana@", email_validity="invalid"),
        person("b", "Ana Diaz", email="ana@", email_validity="invalid"),
    )
    lake.resolve()
    assert lake.people() == groups("a", "b")


@pytest.mark.parametrize(("others", "is_odd"), [(60, True), (12, True), (5, False)])
def test_a_birth_date_of_many_ties_nobody(lake, person, others, is_odd):
    lake.customers(
        *(person(record, "Ana Diaz", birth_date="1985-01-01") for record in "ab"),
        *(
            person(f"n{i}", f"Name{chr(97 + i % 26)}{chr(97 + i // 26)} Ray", birth_date="1985-01-01")
            for i in range(others)
        ),
    )
    lake.resolve()
    assert (frozenset("ab") not in lake.people()) == is_odd


@pytest.mark.parametrize(("day", "expected"), [("1900-01-01", ("a", "b")), ("1970-01-01", ("a", "b")),
                                               ("1970-01-02", ("ab",))])  # fmt: skip
def test_the_day_computers_count_from_is_nobodys_birthday(lake, person, day, expected):
    lake.customers(person("a", "Ana Diaz", birth_date=day), person("b", "Ana Diaz", birth_date=day))
    lake.resolve()
    assert lake.people() == groups(*expected)


def test_who_may_be_father_or_son_is_tied_to_neither(lake, person):
    """Both are called John Ray; only the e-mails of c and d tell whose the records without a birth date are."""
    ray = {"phone": P1, **HOME}
    lake.customers(
        person("a", "John Ray", email=E1, birth_date="1950-03-02", **ray),
        person("b", "John Ray", email=E2, birth_date="1981-11-19", **ray),
        person("c", "John Ray", email=E1, **ray), person("d", "John Ray", email=E2, **ray),
    )  # fmt: skip
    lake.resolve()
    assert lake.people() == groups("ac", "bd")


def test_letters_that_some_alphabets_lack_are_as_they_are_written_there(lake, person):
    written = {
        "a": ("Jürgen Müller", P1), "b": ("Juergen Mueller", P1), "c": ("JURGEN MULLER", P1),
        "d": ("Łukasz Bąk", P1), "e": ("Lukasz Bak", P1),
        "f": ("Sören Strauß", P2), "g": ("Soeren Strauss", P2), "h": ("Søren Ødegård", P2), "i": ("Soren Odegard", P2),
    }  # fmt: skip
    lake.customers(*(person(record, name, phone=phone) for record, (name, phone) in written.items()))
    lake.resolve()
    assert lake.people() == groups("abc", "de", "fg", "hi")
    assert {row["match_rule"] for row in lake.read("customer_identities")} == {"phone"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Apt 4B, 17 Main St.", "17 Main St #4b", ("ab",)),
        ("17 Main St, Unit 4B", "17 Main St Apt. 4 B", ("ab",)),
        ("17 Main St Apt 4B", "17 Main St Apt 5B", ("a", "b")),
        ("Apt 4, 7 Main St", "4 Main St Apt 7", ("a", "b")),
        ("17 Unity Road", "17 Road Y", ("a", "b")),
    ],
)
def test_a_home_within_a_house_is_one_wherever_it_is_written(lake, person, one, other, expected):
    lake.customers(*(person(r, "Ana Diaz", address=a, postal_code="02134") for r, a in (("a", one), ("b", other))))
    lake.resolve()
    told = {r["source_record_id"]: r["match_rule"] for r in lake.read("customer_identities")}
    assert lake.people() == groups(*expected)
    assert set(told.values()) == ({"name_address"} if expected == ("ab",) else {"single"})


def test_no_cluster_of_a_crowded_neighbourhood_holds_two_conflicting_first_names(lake, person):
    names = ["Ana Diaz", "Bob Diaz", "A. Diaz", "B Diaz", None, "Ana", "Bea Ray", "anà diaz"]
    rng = random.Random(11)
    rows = [
        person(
            f"r{number}",
            rng.choice(names),
            email=f"e{rng.randrange(60)}@mail.example",
            phone=f"+1212555{rng.randrange(60):04d}",
            birth_date=rng.choice([None, "1980-05-17", "1990-01-02"]),
            **HOME,
        )
        for number in range(150)
    ]
    lake.customers(*rows)
    lake.resolve()
    first_names = {row["source_customer_id"]: _letters(row["clean_first_name"]) for row in _customers(lake)}
    people = lake.people()
    for records in people:
        said = {first_names[record] for record in records} - {""}
        longest = max(said, key=len, default="")
        assert all(longest.startswith(name) for name in said), said
    assert len(people) < 130, "the neighbourhood must tie somebody, or this proves nothing"


def _customers(lake) -> list[dict]:
    return lake.query(f"select * from '{lake.home.clean('customers')}/f1.parquet'")


def _letters(name: str | None) -> str:
    plain = unicodedata.normalize("NFD", (name or "").lower())
    return "".join(c for c in plain if c.isalpha())
