"""Whole nights of identity, matching by score and all, on the little lakes of its unit tests."""

import pytest

from tests.integration.identity.kept_nights import people_table
from tests.unit.identity.conftest import lake, network, person_fixture, two_nancys

__all__ = ["lake", "network", "person_fixture", "two_nancys"]


@pytest.fixture(scope="module")
def people() -> list[dict]:
    """Made-up records of which many are one person's, as rows of `observed` with their `record_key`."""
    return people_table().to_pylist()
