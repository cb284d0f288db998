"""Destinations: one module per kind of tool, registered here under the `type` network.yaml gives it.

A destination module offers compare(published, name, profiles) -> Difference and
deliver(snapshot, name, profiles) -> None; deliver may be called again after a kill and converges.
"""

from types import ModuleType

from dagster_project.publish.destinations import file

DESTINATION_TYPES: dict[str, ModuleType] = {"file": file}
