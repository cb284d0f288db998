"""The file in which matching keeps its results: damaged it is made anew, and it holds nobody who is gone."""

import duckdb
import pytest

from dagster_project.identity import matching, renewal, resolution
from dagster_project.identity.kept import distrust_kept
from dagster_project.identity.model import load_model
from tests.integration.identity.kept_nights import Night, matched, matching_of, told


@pytest.mark.parametrize("damage", ["killed halfway", "no database", "empty", "a byte in each later block"])
def test_a_damaged_file_is_made_anew(people, tmp_path, monkeypatch, damage):
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    night = Night(rows)
    matched(Night({key: row for key, row in rows.items() if key not in sorted(rows)[:40]}), memo)
    if damage == "killed halfway":
        monkeypatch.setattr(matching, "close_scores", _killed)
        with pytest.raises(KeyboardInterrupt):
            matched(night, memo)
        monkeypatch.undo()
    elif damage == "a byte in each later block":
        # Found when the block is read: the file's header and what tells its tables stand before.
        content = bytearray(memo.read_bytes())
        for place in range(12_288 + 2 * 262_144 + 5_000, len(content), 262_144):
            content[place] ^= 0xFF
        memo.write_bytes(content)
    else:
        memo.write_bytes(b"" if damage == "empty" else b"not a database" * 1000)
    assert matched(night, memo) == matched(night)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.duckdb"]


def _killed(*_):
    raise KeyboardInterrupt


def test_one_damaged_block_costs_one_night_at_most(people, tmp_path, monkeypatch):
    """Wherever it is: read by matching, by what shows its results, or only by whoever writes these out."""
    memo, night = tmp_path / "kept.duckdb", Night({row["record_key"]: row for row in people})
    written = renewal.weighing(load_model().settings)
    monkeypatch.setattr(renewal, "weighing", lambda _: written)
    matched(Night({key: row for key, row in night.rows.items() if key not in sorted(night.rows)[:5]}), memo)
    whole, at_once = memo.read_bytes(), matched(night)
    for place in range(12_288 + 5_000, len(whole), 262_144)[-5:]:
        memo.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        con = matching_of(night, memo)
        try:
            found = told(con)
        except duckdb.IOException:
            con.close()
            distrust_kept(memo)
            found = matched(night, memo)
        assert found == at_once, place


def test_keys_that_cannot_be_told_apart_cost_what_was_kept(people, tmp_path):
    memo, night = tmp_path / "kept.duckdb", Night({row["record_key"]: row for row in people})
    matched(night, memo)
    with duckdb.connect(memo) as con:
        con.execute("update records set key_hash = 7 where known_no in (3, 5)")
    assert matched(night, memo) == matched(night)
    with duckdb.connect(memo) as con:
        assert con.execute("select count(distinct key_hash) from records").fetchall() == [(len(people),)]


def test_damage_found_last_is_made_anew(people, tmp_path, monkeypatch):
    memo, night = tmp_path / "kept.duckdb", Night({row["record_key"]: row for row in people[:90]})
    matched(night, memo)
    marked, show = [], matching._show

    def damaged(con, numbers):
        show(con, numbers)
        marked.append((tmp_path / "kept.begun").exists())
        if len(marked) == 1:
            raise duckdb.IOException("damaged")

    monkeypatch.setattr(matching, "_show", damaged)
    assert matched(night, memo) == matched(night)
    assert marked[:2] == [True, True], "killed as late as this, a night leaves its mark"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.duckdb"]


def test_what_could_not_be_read_to_the_end_is_not_trusted_again(lake, person, monkeypatch):
    lake.customers(person("1", "Ana Diaz"), person("2", "Ana Diaz"))
    lake.resolve()
    monkeypatch.setattr(resolution, "find_review_pairs", _damaged)
    with pytest.raises(duckdb.IOException):
        lake.resolve()
    assert (lake.home.identity / "kept.begun").exists()
    monkeypatch.undo()
    lake.resolve()
    assert not (lake.home.identity / "kept.begun").exists()


def _damaged(*_):
    raise duckdb.IOException("damaged")


def test_what_a_killed_night_left_goes_with_the_next(people, tmp_path):
    memo, night = tmp_path / "kept.duckdb", Night({row["record_key"]: row for row in people})
    for name in ("kept.duckdb", "kept.duckdb.wal", "kept.new", "kept.new.wal", "kept.begun"):
        (tmp_path / name).write_bytes(b"erase.me.entirely")
    assert matched(night, memo) == matched(night)
    assert b"erase.me" not in _bytes(tmp_path)


def test_a_contact_that_nobody_says_any_more_leaves_no_byte(people, tmp_path):
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    key = sorted(rows)[0]
    said = {"email": "erase.me.entirely@mail.example", "email_validity": "valid"}
    matched(Night(rows | {key: rows[key] | said}), memo)
    assert b"erase.me.entirely" in _bytes(tmp_path)
    matched(Night(rows), memo)
    assert b"erase.me" not in _bytes(tmp_path)


def test_whoever_is_gone_leaves_no_byte(people, tmp_path):
    memo, rows = tmp_path / "kept.duckdb", {row["record_key"]: row for row in people}
    said = {"email": "erase.me.entirely@mail.example", "email_validity": "valid", "last_name": "Unforgettable"}
    one, other = (rows[key] | said for key in sorted(rows)[:2])
    everybody = rows | {row["record_key"]: row for row in (one, other)}
    matched(Night(everybody), memo)
    assert b"erase.me.entirely" in _bytes(tmp_path)
    matched(Night(everybody | {one["record_key"]: rows[one["record_key"]]}), memo)
    assert b"erase.me.entirely" in _bytes(tmp_path), "the other still says it"
    del everybody[other["record_key"]]
    matched(Night(everybody | {one["record_key"]: rows[one["record_key"]]}), memo)
    assert b"erase.me" not in _bytes(tmp_path)
    assert b"nforgettabl" not in _bytes(tmp_path)


def _bytes(folder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
