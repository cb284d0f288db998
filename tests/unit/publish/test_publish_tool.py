"""What passes between the engine and a tool has no word for consent."""

import dataclasses
import inspect

import pytest

from dagster_project.publish import tool
from dagster_project.publish.destinations import TOOLS
from dagster_project.publish.payload import CONSENT_WORDS


def test_no_type_has_a_field_for_consent():
    types = [kind for _, kind in inspect.getmembers(tool, dataclasses.is_dataclass)]
    assert {kind.__name__ for kind in types} >= {"Record", "Task", "Receipt", "Limits"}
    fields = [field.name for kind in types for field in dataclasses.fields(kind)]
    assert [name for name in fields if CONSENT_WORDS.search(name)] == []
    assert set(tool.ACTIONS) == {"upsert", "add", "remove", "erase"}


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_no_tool_offers_a_call_beyond_the_shared_ones(kind):
    """A way to subscribe somebody would have to be a method; there are those of the protocol, and no other."""
    offered = {name for name, _ in inspect.getmembers(TOOLS[kind]) if not name.startswith("_")}
    shared = {name for name in vars(tool.Tool) if not name.startswith("_")} | set(tool.Tool.__annotations__)
    assert offered <= shared
