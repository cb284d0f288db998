"""Retraining writes a model beside network.yaml and changes no id by itself."""

from dataclasses import replace

import pytest

from dagster_project.errors import IdentityError
from dagster_project.identity import retrain as retraining
from dagster_project.identity.model import SHIPPED, load_model, save_model
from dagster_project.identity.retrain import NO_HOUSEHOLDS, retrain
from dagster_project.network import Network


def test_a_network_too_small_to_learn_from_is_told_so(lake, person):
    lake.customers(person("1", "Ana Diaz"))
    lake.resolve()
    network = Network(file=lake.home.root / "network.yaml", paths={"home": "."})
    with pytest.raises(IdentityError, match="1 records are too few to learn from"):
        list(retrain(network))


@pytest.mark.parametrize("households", [True, False])
def test_a_model_that_turns_the_household_guard_off_is_told_so(lake, person, monkeypatch, households):
    lake.customers(*(person(str(n), name) for n, name in enumerate(("Ana Diaz", "Bo Li", "Cy Roy"), 1)))
    lake.resolve()
    network = Network(file=lake.home.root / "network.yaml", paths={"home": "."})
    monkeypatch.setattr(retraining, "LEAST_RECORDS", 1)
    learnt = replace(load_model(), households=households)
    monkeypatch.setattr(retraining, "train_model", lambda *_: learnt)
    told = list(retrain(network))
    assert [line for line in told if "household guard is off" in line] == ([] if households else [NO_HOUSEHOLDS])
    # What counts, and what to do for it to count, stays the last line.
    assert told[-1].startswith("It counts when network.yaml says identity: {model: models/")


def test_a_model_is_read_as_it_was_written(tmp_path):
    model = load_model()
    save_model(tmp_path / "copy.json", model, "a copy")
    assert load_model(tmp_path / "copy.json") == model
    for comparison in model.settings["comparisons"]:
        for side in ("m_probability", "u_probability"):
            total = sum(level[side] for level in comparison["comparison_levels"][1:])
            assert total == pytest.approx(1, abs=0.1), comparison["output_column_name"]


def test_a_model_of_other_comparisons_is_refused(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(SHIPPED.read_text().replace('"nickname"', '"pet name"'))
    with pytest.raises(IdentityError, match="not a model of this version's comparisons"):
        load_model(path)
