"""What matching keeps from night to night changes nothing but the work."""

import random
from datetime import date

import pytest

from dagster_project.identity import closure, renewal
from dagster_project.network_sections import IdentitySection
from tests.integration.identity.kept_nights import PEOPLE, RESULTS, Night, matched

SHOP = "+12125550100"
TILL, NEXT_DOOR, OTHER_TILL = ("square", "l1"), ("square", "l2"), ("toast", "l1")
DEFAULT_DATE = date(1980, 1, 1)


def changed(row: dict, how: str, other: dict) -> dict:
    """What a day can do to a record."""
    phone = {"phone": SHOP, "phone_validity": "valid"}
    return row | {
        "shop": phone,
        "date": {"birth_date": DEFAULT_DATE},
        "email": {"email": other["email"], "email_validity": other["email_validity"]},
        "phone": {"phone": other["phone"], "phone_validity": other["phone_validity"]},
        "home": {"address": other["address"], "postal_code": other["postal_code"]},
        "name": {"first_name": other["first_name"], "last_name": other["last_name"]},
        "nameless": {"first_name": None, "last_name": None},
        "card": {"payment_fingerprint": "VISA:1"},
        "again": {"seen": row["seen"] + 1},
        "as it was": {},
    }[how]  # fmt: skip


CHANGES = ("shop", "date", "email", "phone", "home", "name", "nameless", "card", "again", "as it was")


def days(people: list[dict], seed: int):
    """Four nights: records come, change, go and come again; contacts and dates win and lose their weight; stewards
    decide, and take it back."""
    luck = random.Random(seed)
    keys = [row["record_key"] for row in people]
    rows = {row["record_key"]: row for row in people}
    night = Night({key: rows[key] for key in luck.sample(keys, 340)})
    for _ in range(4):
        yield night
        now = dict(night.rows)
        for key in luck.sample(sorted(now), luck.choice((0, 5))):
            del now[key]
        for key in luck.sample(keys, luck.choice((3, 20))):
            now.setdefault(key, rows[key])
        hows = luck.choice(([luck.choice(CHANGES)], CHANGES))
        for key in luck.sample(sorted(now), luck.choice((5, 70))):
            now[key] = changed(rows[key], luck.choice(hows), luck.choice(people))
        pairs = [tuple(luck.sample(sorted(now), 2)) for _ in range(luck.choice((0, 2)))]
        alike = [tuple(luck.sample(group, 2)) for group in _groups(night) if len(group) > 1][:1] if pairs else []
        kept_together = [pair for pair in night.together if luck.random() < 0.7]
        kept_apart = [pair for pair in night.apart if luck.random() < 0.7]
        night = Night(now, kept_together + pairs, kept_apart + alike)


def _groups(night: Night) -> list[list[str]]:
    keys, groups = sorted(night.rows), {}
    for row in matched(night)["clusters"]:
        groups.setdefault(row["cluster_no"], []).append(keys[row["record_no"]])
    return sorted(groups.values(), key=lambda group: (-len(group), group))


@pytest.mark.parametrize("seed", range(8))
def test_any_days_one_after_another_give_what_one_night_gives(people, tmp_path, seed):
    memo = tmp_path / "kept.duckdb"
    for night in days(people, seed):
        by_night, at_once = matched(night, memo), matched(night)
        for name in RESULTS:
            assert by_night[name] == at_once[name], name


def test_a_network_that_outgrows_its_size_is_judged_anew(people, tmp_path):
    """By how many there are, what a match is worth beforehand changes for everybody."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    few, all_of_them = Night({key: rows[key] for key in sorted(rows)[:250]}), Night(rows)
    matched(few, memo)
    assert matched(all_of_them, memo) == matched(all_of_them)


def test_a_birth_date_that_is_no_longer_odd_counts_for_all_who_have_it(people, tmp_path):
    """Twenty people are too many for one birthday; nine are not."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    born = {key: rows[key] | {"birth_date": DEFAULT_DATE} for key in sorted(rows)[:30]}
    odd, usual = Night(rows | born), Night(rows | born | {key: rows[key] for key in sorted(rows)[:20]})
    assert not any(profile["birth_date"] == "19800101" for profile in matched(odd, memo)["profiles"])
    found = matched(usual, memo)
    assert found == matched(usual)
    assert sum(profile["birth_date"] == "19800101" for profile in found["profiles"]) > 5
    assert matched(odd, memo) == matched(odd)


@pytest.fixture
def weighed(monkeypatch) -> list[int]:
    """How many pairs each night asked Splink about."""
    asked, weigh = [], renewal.weigh_candidates

    def counted(con, settings):
        asked.append(con.execute("select count(*) from candidates").fetchall()[0][0])
        weigh(con, settings)

    monkeypatch.setattr(renewal, "weigh_candidates", counted)
    return asked


def test_only_what_a_day_touched_is_computed(people, tmp_path, weighed, monkeypatch):
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    closed, close = [], closure.find_clusters

    def counted(con, *rest):
        closed.append(con.execute("select count(*) from exact_clusters").fetchall()[0][0])
        close(con, *rest)

    monkeypatch.setattr(closure, "find_clusters", counted)
    night = Night(rows)
    matched(night, memo)
    matched(night, memo)
    matched(Night({key: row for key, row in rows.items() if key not in sorted(rows)[:2]}), memo)
    matched(night, memo)
    assert weighed[0] > 100
    assert closed[0] == PEOPLE
    assert (weighed[1], closed[1]) == (0, 0), "a night without a change"
    assert sum(weighed[2:]) < weighed[0] / 3
    assert sum(closed[2:]) < PEOPLE / 3


def test_a_contact_without_weight_leads_to_nobody(people, tmp_path, weighed):
    """One more of whom the shop's number is said: the 60 of whom it was said already are let be."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    shop = {"phone": SHOP, "phone_validity": "valid"}
    rows |= {key: rows[key] | shop for key in sorted(rows)[:60]}
    matched(Night(rows), memo)
    one_more = dict.fromkeys(people[0]) | shop | {"source": "s", "location_id": "l", "priority": 1, "seen": 1}
    night = Night(rows | {"f" * 32: one_more | {"record_key": "f" * 32, "address": "1 Nowhere Rd"}})
    assert matched(night, memo) == matched(night)
    assert weighed[0] > 100
    assert weighed[1] == 0


@pytest.mark.parametrize(("till", "is_tied"), [(TILL, False), (NEXT_DOOR, True), (OTHER_TILL, True)])
def test_the_21st_id_of_a_till_takes_a_contact_its_weight_while_it_is_there(people, tmp_path, till, is_tied):
    """Twenty ids of one till are tied by a phone; one more comes, of that till or of another, and goes."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    ana = {"first_name": "Ana", "last_name": "Quillfeather", "phone": SHOP, "phone_validity": "valid"}
    tills = dict.fromkeys((f"e{number:031d}" for number in range(20)), TILL) | {f"{7:032d}": till}
    rows |= {
        key: dict.fromkeys(people[0]) | ana | {"record_key": key, "source": source, "location_id": place}
        for key, (source, place) in tills.items()
    }  # fmt: skip
    twenty = {key: row for key, row in rows.items() if key != f"{7:032d}"}
    by_phone = []
    for night in (Night(twenty), Night(rows), Night(twenty)):
        found = matched(night, memo)
        assert found == matched(night)
        by_phone.append(sum(row["match_rule"] == "phone" for row in found["clusters"]))
    assert by_phone == [by_phone[0], by_phone[0] + 1 if is_tied else by_phone[0] - 20, by_phone[0]]


def test_what_was_kept_under_other_limits_does_not_count(people, tmp_path):
    memo, night = tmp_path / "kept.duckdb", Night({row["record_key"]: row for row in people})
    strict = IdentitySection(auto_merge_probability=0.999, review_probability=0.9)
    before = matched(night, memo)
    after = matched(night, memo, strict)
    assert after == matched(night, None, strict)
    assert after != before


def test_a_rule_still_ties_two_who_were_parted_from_its_third(people, tmp_path):
    """All three share an e-mail; a night that looks at the two alone, as their name became commoner, says so too."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    blank = dict.fromkeys(people[0]) | {"source": "s", "location_id": "l", "priority": 1, "seen": 1}
    mail = {"first_name": "Ana", "email": "ana.shared@mail.example", "email_validity": "valid"}
    homes = [
        {"last_name": "Zorbas", "birth_date": date(1950, 1, 2), "address": "1 North Rd", "postal_code": "99001"},
        {"last_name": "Quillfeather", "birth_date": date(1990, 7, 23), "address": "88 South Ave"},
        {"last_name": "Quillfeather", "postal_code": "11001"},
    ]
    keys = ["0" * 31 + "1", "f" * 31 + "1", "f" * 31 + "2"]
    rows |= {key: blank | mail | home | {"record_key": key} for key, home in zip(keys, homes, strict=True)}
    apart = [(keys[0], keys[1]), (keys[0], keys[2])]
    others = {
        f"e{number:031d}": blank
        | {"record_key": f"e{number:031d}", "first_name": f"Bo{'xyzwvu'[number] * 3}", "last_name": "Quillfeather"}
        | {"phone": f"+1415555{number}{number}{number}{number}", "phone_validity": "valid"}
        for number in range(6)
    }
    matched(Night(rows, [], apart), memo)
    night = Night(rows | others, [], apart)
    by_night = matched(night, memo)
    assert by_night == matched(night)
    numbers = {key: number for number, key in enumerate(sorted(night.rows))}
    rules = {row["record_no"]: row["match_rule"] for row in by_night["clusters"]}
    assert [rules[numbers[key]] for key in keys] == ["single", "email", "email"]


def test_a_steward_s_tie_is_closed_anew_when_a_name_becomes_common(people, tmp_path):
    """Damiel, once no slip of the pen any more, is not Daniel: whoever scores with the one is kept from the other,
    though a decision, and no score, ties these two. That holds, too, on a night when nothing but one more who scored
    with them is gone."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    blank = dict.fromkeys(people[0]) | {"source": "s", "location_id": "l", "priority": 1, "seen": 1}
    born = {"birth_date": date(1971, 7, 23)}
    home = {"address": "88 South Ave", "postal_code": "11001", "city": "Springfield"}
    decided, scored, odd, gone = (f"{number}" + "f" * 31 for number in (1, 2, 3, 4))
    rows |= {
        decided: blank | born | home | {"record_key": decided, "first_name": "Daniel", "last_name": "Quillfeather"},
        scored: blank | born | home | {"record_key": scored, "first_name": "Daniel", "last_name": "Quillfeathers"},
        gone: blank | born | home | {"record_key": gone, "last_name": "Quillfeatherz"},
        odd: blank | {"record_key": odd, "first_name": "Damiel"},
    }
    namesakes = {
        f"e{number:031d}": blank
        | {"record_key": f"e{number:031d}", "first_name": "Damiel", "last_name": f"Vand{'xyzwv'[number] * 3}"}
        | {"phone": f"+1415555{number}{number}{number}{number}", "phone_validity": "valid"}
        for number in range(5)
    }
    groups = []
    left = {key: row for key, row in rows.items() if key != gone} | namesakes
    for night in (Night(present, [(decided, odd)]) for present in (rows, rows | namesakes, left)):
        by_night = matched(night, memo)
        assert by_night == matched(night)
        numbers = {key: number for number, key in enumerate(sorted(night.rows))}
        cluster = {row["record_no"]: row["cluster_no"] for row in by_night["clusters"]}
        groups.append([cluster[numbers[key]] == cluster[numbers[odd]] for key in (decided, scored)])
    assert groups == [[True, True], [True, False], [True, False]]


def test_a_name_that_nobody_bears_any_more_is_scored_anew_as_somebody_s_other_name(people, tmp_path):
    """Two are each known as Quillfeather, and once as Vanderzyl; the only one who is usually called that goes."""
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    blank = dict.fromkeys(people[0]) | {"source": "s", "location_id": "l", "first_name": "Ana", "seen": 1}
    for n, street in enumerate(("88 South Ave", "88 South Avenue")):
        said = {"email": f"ana{n}@mail.example", "email_validity": "valid", "address": street, "postal_code": "11001"}
        for place, last in enumerate(("Quillfeather", "Vanderzyl")):
            key = f"{place}{n}" + "f" * 30
            rows[key] = blank | said | {"record_key": key, "last_name": last, "priority": 1 + place}
    bearer = blank | {"record_key": "f" * 32, "first_name": "Boris", "last_name": "Vanderzyl", "priority": 1}
    once_vanderzyl = {sorted(rows).index(f"1{n}" + "f" * 30) for n in (0, 1)}
    scores = []
    for night in (Night(rows | {bearer["record_key"]: bearer}), Night(rows)):
        by_night = matched(night, memo)
        assert by_night == matched(night)
        found = [row for row in by_night["judged_scores"] if {row["record_l"], row["record_r"]} == once_vanderzyl]
        scores.append([row["probability"] for row in found])
    assert len(scores[0]) == len(scores[1]) == 1
    assert scores[0] != scores[1]


def test_whoever_scored_with_one_who_is_gone_is_by_himself(people, tmp_path):
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    blank = dict.fromkeys(people[0]) | {"source": "s", "location_id": "l", "priority": 1, "seen": 1}
    said = {"birth_date": date(1971, 7, 23), "address": "88 South Ave", "postal_code": "11001", "city": "Springfield"}
    gone, left = "1" + "f" * 31, "2" + "f" * 31
    rows[left] = blank | said | {"record_key": left, "first_name": "Daniel", "last_name": "Quillfeathers"}
    twin = blank | said | {"record_key": gone, "first_name": "Daniel", "last_name": "Quillfeather"}
    rules = []
    for night in (Night(rows | {gone: twin}), Night(rows)):
        by_night = matched(night, memo)
        assert by_night == matched(night)
        number = sorted(night.rows).index(left)
        rules += [row["match_rule"] for row in by_night["clusters"] if row["record_no"] == number]
    assert rules == ["splink", "single"]
