"""The publisher: takes sealed snapshots, guards what would leave, delivers, and swaps `published`.

Here belong the diff, the guards, the destinations (destinations/, one file per kind of tool), the swap, rollback
and the removal of old snapshots. The publisher trusts nobody: it opens only what is sealed and checks the seal
itself. Whether data is good is judged in validate/; what may leave is marked in dbt (`meta: {publish: true}`).
"""

from dagster_project.publish.rehearsal import try_destinations
from dagster_project.publish.release import (
    PublishResult,
    complete_record,
    finish_deliveries,
    publish,
    rehearse_next,
    rollback,
)

__all__ = [
    "PublishResult",
    "complete_record",
    "finish_deliveries",
    "publish",
    "rehearse_next",
    "rollback",
    "try_destinations",
]
