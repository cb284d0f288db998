"""People who never were, entered several times as tills do: what the model that ships is trained on.

Its names, households and slips are its own, and independent of the demo network's: that one is for trying the
project, and a model learnt from it would only know its writer.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.identity.profiles import NICKNAMES

CONSONANTS, VOWELS = "bcdfghklmnprstvw", "aeiou"
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"), dtype=object)


@dataclass(frozen=True)
class Mess:
    """Shares of records: what a field goes through when it is typed again."""

    nickname: float = 0.10
    initial: float = 0.03
    slip: float = 0.04
    swapped: float = 0.01
    no_name: float = 0.03
    new_email: float = 0.18
    new_phone: float = 0.15
    moved: float = 0.12
    date_slip: float = 0.03
    has_email: float = 0.55
    has_phone: float = 0.65
    has_birth_date: float = 0.30
    has_address: float = 0.30


def write_people(con: duckdb.DuckDBPyConnection, records: int, seed: int = 20240101, mess: Mess | None = None) -> None:
    """Tables `records` and `observed` as identity's rooms read them, and `truth` (record_no, person)."""
    rng, mess = np.random.default_rng(seed), mess or Mess()
    people = int(records / 1.6)
    extra = rng.choice(people, records - people, p=_popularity(rng, people))
    person = np.sort(np.concatenate([np.arange(people), extra]))
    joins = rng.random(people) < 0.3
    joins[0] = False
    home = np.maximum.accumulate(np.where(joins, 0, np.arange(people)))
    first, last = _names(rng, people, home)
    phone = np.where(rng.random(people) < 0.5, home, np.arange(people))
    births = (np.datetime64("1940-01-01") + rng.integers(0, 25_000, people)).astype(str)
    streets = np.array([_word(rng, 3) for _ in range(600)], dtype=object)
    street, house = streets[rng.integers(0, len(streets), people)], rng.integers(1, 300, people)
    postal = 10_000 + rng.integers(0, max(20, people // 150), people)
    number = rng.integers(1, 9999, people)

    n = len(person)
    luck = rng.random((14, n))
    given, family = first[person], last[person]
    shorts = _nicknames()
    typed_first = [
        _typed_first(name, shorts, *pick, mess) for name, pick in zip(given, luck[:3].T.tolist(), strict=True)
    ]
    typed_last = [_slipped(name, a) if a < mess.slip else name for name, a in zip(family, luck[3], strict=True)]
    swap = luck[4] < mess.swapped
    both = np.array([typed_first, typed_last], dtype=object)
    both[:, swap] = both[::-1, swap]
    other_mail = luck[5] < mess.new_email
    mails = [
        f"{f.lower()}.{s.lower()}{no + 3001 * again}@mail.example"
        for f, s, no, again in zip(given, family, number[person], other_mail, strict=True)
    ]
    calls = np.where(luck[6] < mess.new_phone, people + np.arange(n), phone[person])
    moved = luck[7] < mess.moved
    lives = np.where(moved, rng.integers(0, people, n), home[person])
    born = births[person].astype(object)
    slipped = luck[8] < mess.date_slip
    born[slipped] = [f"{day[:8]}{1 + int(day[8:]) % 28:02d}" for day in born[slipped]]
    nothing = luck[9] < mess.no_name
    table = pa.table(
        {
            "record_no": np.arange(n),
            "first_name": pa.array(np.where(nothing, None, both[0]), pa.string()),
            "last_name": pa.array(np.where(nothing, None, both[1]), pa.string()),
            "email": pa.array(np.where(luck[10] < mess.has_email, np.array(mails, dtype=object), None), pa.string()),
            "phone": pa.array([f"+1{2_000_000_000 + c}" if a < mess.has_phone else None
                               for c, a in zip(calls, luck[11], strict=True)], pa.string()),
            "birth_date": pa.array(np.where(luck[12] < mess.has_birth_date, born, None), pa.string()),
            "address": pa.array([f"{house[h]} {street[h]} St" if a < mess.has_address else None
                                 for h, a in zip(lives, luck[13], strict=True)], pa.string()),
            "postal_code": pa.array([f"{postal[h]}" if a < mess.has_address else None
                                     for h, a in zip(lives, luck[13], strict=True)], pa.string()),
            "person": person,
        }
    )  # fmt: skip
    con.register("typed", table)
    con.execute("create temp table truth as select record_no, person from typed")
    enter(con, locations=60)
    con.unregister("typed")


def enter(con: duckdb.DuckDBPyConnection, locations: int) -> None:
    """Tables `observed` and `records`, as identity reads them, from `typed`: one row per record, as a till has it."""
    con.execute(
        """create temp table observed as
           select record_no, first_name, last_name, email, if(email is null, 'missing', 'valid') as email_validity,
                  phone, if(phone is null, 'missing', 'valid') as phone_validity, address, null::varchar as city,
                  null::varchar as region, postal_code, birth_date::date as birth_date,
                  null::varchar as payment_fingerprint, 1::tinyint as priority, 1::bigint as seen
           from typed"""
    )
    con.execute(
        f"""create temp table records as
           select record_no, printf('%09d', record_no) as record_key, 'pos' as source,
                  'l' || record_no % {locations} as location_id from typed"""
    )


def _popularity(rng: np.random.Generator, people: int) -> np.ndarray:
    """How likely a further record is each person's: a few are entered many times."""
    weight = rng.gamma(1.0, 1.0, people)
    return weight / weight.sum()


def _names(rng: np.random.Generator, people: int, home: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Given names by rank (Zipf), of which a household's are its own each; family names mostly the household's."""
    formal = np.array(sorted({row[0].capitalize() for row in _nickname_rows()}), dtype=object)
    rare = np.array([_word(rng, 3) for _ in range(300)], dtype=object)
    given = np.concatenate([formal, rare])
    share = 1 / (20 + np.arange(len(given)))
    drawn = rng.choice(len(given), people, p=share / share.sum())
    first = given[(drawn[home] + 31 * (np.arange(people) - home)) % len(given)]
    families = np.array([_word(rng, 2 + i % 2) for i in range(4000)], dtype=object)
    share = 1 / (30 + np.arange(len(families)))
    own = families[rng.choice(len(families), people, p=share / share.sum())]
    return first, np.where(rng.random(people) < 0.9, own[home], own)


def _word(rng: np.random.Generator, syllables: int) -> str:
    letters = [CONSONANTS[rng.integers(len(CONSONANTS))] + VOWELS[rng.integers(len(VOWELS))] for _ in range(syllables)]
    return ("".join(letters) + CONSONANTS[rng.integers(len(CONSONANTS))]).capitalize()


def _nickname_rows() -> list[list[str]]:
    return [line.split(",") for line in NICKNAMES.read_text(encoding="utf-8").splitlines()[1:]]


def _nicknames() -> dict[str, list[str]]:
    shorts: dict[str, list[str]] = {}
    for name, short in _nickname_rows():
        shorts.setdefault(name.capitalize(), []).append(short.capitalize())
    return shorts


def _typed_first(name: str, shorts: dict[str, list[str]], luck: float, pick: float, slip: float, mess: Mess) -> str:
    if luck < mess.nickname and name in shorts:
        return shorts[name][int(pick * len(shorts[name]))]
    if luck > 1 - mess.initial:
        return f"{name[0]}."
    return _slipped(name, slip) if slip < mess.slip else name


def _slipped(text: str, luck: float) -> str:
    """Two neighbours swapped, one left out, one doubled or one replaced."""
    choice = int(luck * 1e6)
    at, kind = 1 + choice % max(1, len(text) - 2), choice % 4
    if kind == 0:
        return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    return text[: at + 1] + text[at:] if kind == 2 else text[:at] + LETTERS[choice % 26] + text[at + 1 :]
