"""Locations: what each location alone may see, written into the candidate before it is judged and sealed.

Belongs here: today's list of whom to call, as a page to read and a table to load. Does not belong here: who is on
the list and why (dbt), what analysts may see (marts hold no names), sending anything (publish/).
"""

from dagster_project.locations.today import write_todays_lists

__all__ = ["write_todays_lists"]
