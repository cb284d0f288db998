"""The exact rules and the household guard: which records become one customer."""

import random
import unicodedata

import pytest

E1, E2 = "one@mail.example", "two@mail.example"
P1, P2 = "+12125550101", "+12125550102"
HOME = {"address": "1 Main St", "postal_code": "02134"}
SIX = ["Ana Diaz", "Bob Ray", "Cem Kaya", "Dee Low", "Eva Lund", "Fay Moss"]


def told(record: str, name: str | None = None, **columns) -> tuple:
    return record, name, columns


def alike(columns: dict, *names: str) -> list[tuple]:
    """Records a, b, .. of these names with the same columns."""
    return [told(chr(ord("a") + number), name, **columns) for number, name in enumerate(names)]


# What holds -> records, and which of them are one person. Each case is a place of its own in one town, which costs
# one night: nobody elsewhere has its e-mails, phones and postal codes. Names of homes differ from place to place,
# for the score knows namesakes who live in a street of one name.
CASES: dict[str, tuple[list[tuple], str]] = {
    "the same e-mail": ([*alike({"email": E1}, "Ana Diaz", "ANÁ Díaz"), told("c", "Ana Diaz")], "ab c"),
    "the same phone": ([*alike({"phone": P1}, "Ana Diaz", "ANÁ Díaz"), told("c", "Ana Diaz")], "ab c"),
    "the same birth date": (
        [*alike({"birth_date": "1980-05-17"}, "Ana Diaz", "ANÁ Díaz"), told("c", "Ana Diaz")],
        "ab c",
    ),
    "the same home": ([*alike(HOME, "Ana Diaz", "ANÁ Díaz"), told("c", "Ana Diaz")], "ab c"),
    "the same everything": (alike({"email": E1, "phone": P1, **HOME}, "Cem Kaya", "Cem Kaya"), "ab"),
    "a couple with one e-mail": (alike({"email": E1}, "Ana Diaz", "Bob Diaz"), "a b"),
    "a couple with one phone": (alike({"phone": P1}, "Ana Diaz", "Bob Diaz"), "a b"),
    "a couple with one home": (alike(HOME, "Dee Low", "Gus Low"), "a b"),
    "a couple with one everything": (alike({"email": E1, "phone": P1, **HOME}, "Eva Lund", "Per Lund"), "a b"),
    "a chain cannot connect what its ends would refuse": (
        [told("a", "Ana Diaz", email=E1), told("x", None, email=E1, phone=P1), told("b", "Bob Diaz", phone=P1)],
        "ax b",
    ),
    "a nameless record on a couple's phone is not guessed": (
        [told("a", "Ana Diaz", phone=P1), told("b", "Bob Diaz", phone=P1), told("x", None, phone=P1)],
        "a b x",
    ),
    "a nameless record on one person's phone is theirs": (
        [told("a", "Ana Diaz", phone=P1), told("x", None, phone=P1)],
        "ax",
    ),
    "the e-mail outweighs the phone for a nameless record": (
        [told("a", "Ana Diaz", email=E1), told("b", "Bob Diaz", phone=P1), told("x", None, email=E1, phone=P1)],
        "ax b",
    ),
    "a name travels along nameless records": (
        [told("a", "Ana Diaz", phone=P1), told("x", None, phone=P1, email=E1), told("y", None, email=E1)],
        "axy",
    ),
    "an initial joins the one name it fits": (alike({"email": E1}, "J. Ray", "John Ray", "Mia Ray"), "ab c"),
    "an initial that fits two names stays by itself": (
        alike({"email": E1}, "J Ray", "John Ray", "Jane Ray"),
        "a b c",
    ),
    "two initials that conflict stay two with a nameless third": (
        [told("j", "J Ray", email=E1), told("m", "M Ray", email=E1), told("x", None, email=E1)],
        "j m x",
    ),
    "a phone alone needs last names that agree": (
        [told("a", "Ana Diaz", phone=P1), told("b", "Ana Ray", phone=P1), told("c", "Ana", phone=P1),
         told("d", "Ana Diaz", phone=P2), told("e", "Ana", phone=P2)],
        "a b c de",
    ),
    "a contact of five names ties each of them": (alike({"phone": P1}, *SIX[:5], *SIX[:5]), "af bg ch di ej"),
    "a contact of six names carries no weight": (
        alike({"phone": P1}, *SIX, *SIX),
        "a b c d e f g h i j k l",
    ),
    "an invalid contact": (
        alike({"email": "ana@", "email_validity": "invalid"}, "Ana Diaz", "Ana Diaz"),
        "a b",
    ),
    "the day a century counts from is nobody's birthday": (
        alike({"birth_date": "1900-01-01"}, "Bea Diaz", "Bea Diaz"),
        "a b",
    ),
    "the day computers count from is nobody's birthday": (
        alike({"birth_date": "1970-01-01"}, "Bea Diaz", "Bea Diaz"),
        "a b",
    ),
    "the day after is somebody's": (alike({"birth_date": "1970-01-02"}, "Bea Diaz", "Bea Diaz"), "ab"),
    # Both are called John Ray; only the e-mails of c and d tell whose the records without a birth date are.
    "who may be father or son is tied to neither": (
        [told("a", "John Ray", email=E1, birth_date="1950-03-02", phone=P1, **HOME),
         told("b", "John Ray", email=E2, birth_date="1981-11-19", phone=P1, **HOME),
         told("c", "John Ray", email=E1, phone=P1, **HOME), told("d", "John Ray", email=E2, phone=P1, **HOME)],
        "ac bd",
    ),
    "letters that some alphabets lack are as they are written there": (
        [*alike({"phone": P1}, "Jürgen Müller", "Juergen Mueller", "JURGEN MULLER", "Łukasz Bąk", "Lukasz Bak"),
         told("f", "Sören Strauß", phone=P2), told("g", "Soeren Strauss", phone=P2),
         told("h", "Søren Ødegård", phone=P2), told("i", "Soren Odegard", phone=P2)],
        "abc de fg hi",
    ),
}  # fmt: skip
HOMES = {
    ("Apt 4B, 17 Main St.", "17 Main St #4b"): ("Fay Moss", "ab"),
    ("17 Main St, Unit 4B", "17 Main St Apt. 4 B"): ("Hal Berg", "ab"),
    ("17 Main St Apt 4B", "17 Main St Apt 5B"): ("Ida Wolf", "a b"),
    ("Apt 4, 7 Main St", "4 Main St Apt 7"): ("Kim Zorn", "a b"),
    ("17 Unity Road", "17 Road Y"): ("Leo York", "a b"),
}
CASES |= {
    f"{one} and {other}": (
        [told(record, name, address=at, postal_code="02134") for record, at in (("a", one), ("b", other))],
        people,
    )
    for (one, other), (name, people) in HOMES.items()
}


@pytest.fixture(scope="module")
def town(new_lake) -> dict[str, tuple[set[frozenset[str]], dict[str, str]]]:
    """Case -> its people, and the rule of each record."""
    lake = new_lake()
    lake.customers(*(row for place, case in enumerate(CASES) for row in _in_place(place, case)))
    lake.resolve()
    found = [(set(), {}) for _ in CASES]
    for records in lake.people():
        places = {int(record.split(".")[0]) for record in records}
        assert len(places) == 1, f"{records} are tied across places: the cases are not apart"
        found[places.pop()][0].add(frozenset(record.split(".")[1] for record in records))
    for row in lake.read("customer_identities"):
        place, record = row["source_record_id"].split(".")
        found[int(place)][1][record] = row["match_rule"]
    return dict(zip(CASES, found, strict=True))


def _in_place(place: int, case: str) -> list[dict]:
    """A case's records as rows of customers: `3.a` is record a of the fourth case."""
    rows = []
    for record, name, columns in CASES[case][0]:
        first, _, last = (name or "").partition(" ")
        own = dict(columns)
        if "email" in own:
            own["email"] = own["email"].replace("@mail", f"@mail{place}")
        if "phone" in own:
            own["phone"] = f"+1212555{place:02}{own['phone'][-2:]}"
        if "postal_code" in own:
            own["postal_code"] = f"{10_000 + place}"
        rows.append({"source_customer_id": f"{place}.{record}", "first_name": first or None, "last_name": last or None})
        rows[-1] |= own
    return rows


@pytest.mark.parametrize("case", CASES)
def test_who_is_one_person(town, case):
    assert town[case][0] == {frozenset(records) for records in CASES[case][1].split()}


@pytest.mark.parametrize(
    ("case", "rules"),
    [
        ("the same e-mail", {"a": "email", "b": "email", "c": "single"}),
        ("the same phone", {"a": "phone", "b": "phone", "c": "single"}),
        ("the same birth date", {"a": "name_birth_date", "b": "name_birth_date", "c": "single"}),
        ("the same home", {"a": "name_address", "b": "name_address", "c": "single"}),
        ("the same everything", dict.fromkeys("ab", "email")),
        ("letters that some alphabets lack are as they are written there", dict.fromkeys("abcdefghi", "phone")),
        *(
            (f"{one} and {other}", dict.fromkeys("ab", "name_address" if people == "ab" else "single"))
            for (one, other), (_, people) in HOMES.items()
        ),
    ],
)
def test_the_strongest_rule_that_ties_is_told(town, case, rules):
    assert town[case][1] == rules


def test_a_birth_date_of_many_ties_nobody(lake, person):
    """Two records of Ana are born on each day, beside so many others."""
    born = {60: "1985-01-01", 12: "1985-01-02", 5: "1985-01-03"}
    lake.customers(
        *(person(f"{others}.{record}", "Ana Diaz", birth_date=day) for others, day in born.items() for record in "ab"),
        *(
            person(f"{others}.{n}", f"Name{chr(97 + n % 26)}{chr(97 + n // 26)} Ray", birth_date=day)
            for others, day in born.items()
            for n in range(others)
        ),
    )
    lake.resolve()
    people = lake.people()
    assert [others for others in born if frozenset({f"{others}.a", f"{others}.b"}) in people] == [5]
    assert {"60.a"} in people
    assert {"12.a"} in people


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
