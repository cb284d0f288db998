"""Identity: source records become people with ids that last.

Belongs here: which records are one person (match, cluster), which id that person keeps (persist), and
which of their values count (golden record, contact points, consent). Does not belong here: judging
whether a value is valid (clean), and anything counted per customer (dbt).
"""

from dagster_project.identity.resolution import resolve

__all__ = ["resolve"]
