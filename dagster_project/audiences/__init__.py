"""Audiences: who is in them, as data. One YAML file each, here or in audiences/ beside network.yaml.

A leaf that dbt's build (which evaluates the conditions) and the publisher (which guards and sends) both read.
"""

from dagster_project.audiences.catalogue import Audience, Turnover, load_audiences, usable_audiences

__all__ = ["Audience", "Turnover", "load_audiences", "usable_audiences"]
