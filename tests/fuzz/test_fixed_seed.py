"""A small, fixed slice of the fuzzer, so that it keeps working and old finds stay found."""

from fuzz_reader import fuzz


def test_damaged_files_are_accounted_for() -> None:
    outcomes = fuzz(seed=20261101, rounds=200, seconds=60, keep=None)
    assert [what for what in outcomes if what.startswith("FAILED")] == []
    assert outcomes["read, as csv does"] > 50
    assert outcomes["set aside"] > 30
    assert outcomes["zone landed"] == 2
