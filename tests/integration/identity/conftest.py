"""Whole nights of identity, matching by score and all, on the little lakes of its unit tests."""

from tests.unit.identity.conftest import lake, network, person_fixture, two_nancys

__all__ = ["lake", "network", "person_fixture", "two_nancys"]
