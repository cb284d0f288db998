"""Report: pages to look at, made from a candidate's marts, for everybody who may see the marts.

Belongs here: what people would rather look at than query, as plain HTML that needs no network. Does not belong here:
any measure of its own (dbt), or anything with a name or a contact in it (locations/).
"""

from dagster_project.report.overview import write_overview

__all__ = ["write_overview"]
