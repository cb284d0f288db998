"""A landing zone of a few readable files, and what landing made of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from landing_zone import LandingZone


@pytest.fixture
def zone(tmp_path: Path) -> LandingZone:
    return LandingZone(tmp_path)


@pytest.fixture
def make_zone(tmp_path: Path) -> Callable[[str], LandingZone]:
    def make(name: str) -> LandingZone:
        (tmp_path / name).mkdir()
        return LandingZone(tmp_path / name)

    return make
