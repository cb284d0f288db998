import pytest

from dagster_project.home import Home
from tests.integration.gate.tiny_night import Night, make_project

SUITES = (
    "dim_customers",
    "dim_locations",
    "customer_identities",
    "fct_orders",
    "fct_order_lines",
    "mart_columns",
    "sync_email_profiles",
)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("REGULARS_KEY", "a key for tests")


@pytest.fixture
def night(tmp_path, request) -> Night:
    """A tiny candidate in a project with the suites its module names, else with real ones for all its marts."""
    night = Night(tmp_path)
    make_project(night, getattr(request.module, "SUITES", SUITES))
    return night


@pytest.fixture
def home(night) -> Home:
    return night.home
