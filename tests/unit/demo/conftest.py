from datetime import date
from pathlib import Path

import pytest

from dagster_project.demo import write_demo


@pytest.fixture(scope="session")
def small() -> dict:
    return {"people": 120, "days": 180, "last_day": date(2026, 3, 31)}


@pytest.fixture(scope="session")
def demo(tmp_path_factory, small) -> Path:
    """A small demo network; tests only read it."""
    folder = tmp_path_factory.mktemp("demo") / "network"
    write_demo(folder, **small)
    return folder


@pytest.fixture(scope="session")
def every_till(tmp_path_factory) -> Path:
    """A small network with every kind of till: shop_6 Toast, shop_8 Clover, shop_10 Shopify."""
    folder = tmp_path_factory.mktemp("every_till") / "network"
    write_demo(folder, locations=11, people=150, days=120, last_day=date(2026, 3, 31))
    return folder
