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


@pytest.fixture
def night(tmp_path) -> Night:
    """A project with real suites for the marts of a tiny candidate."""
    night = Night(tmp_path)
    make_project(night, SUITES)
    return night


@pytest.fixture
def home(night) -> Home:
    return night.home
