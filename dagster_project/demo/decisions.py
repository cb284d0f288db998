"""What a steward decided about records that look alike: all of it true."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dagster_project.demo.exporttext import Delivery
from dagster_project.demo.headquarters import delivery, shop_ids
from dagster_project.demo.plan import Plan

MERGES, SEPARATIONS = 6, 4
REASONS = {"merge": "same person, asked", "separate": "live together", "withdraw": "to check"}


def decision_exports(plan: Plan, people: pd.DataFrame, records: pd.DataFrame) -> Iterator[Delivery]:
    """Merges of one person's records, separations within a household, and a merge withdrawn and decided again."""
    own = records[records["phone"] != ""].assign(
        household=people["household_id"].to_numpy()[records.loc[records["phone"] != "", "person"]]
    )
    same = _pairs(own, "person", MERGES)
    housemates = _pairs(own.drop_duplicates("person"), "household", SEPARATIONS)
    rows = [("merge", *pair) for pair in same] + [("separate", *pair) for pair in housemates]
    rows += [("withdraw", *same[0]), ("merge", *same[0])] if same else []
    number = np.arange(len(rows))
    at = plan.dates.astype(str).astype(object)[np.maximum(0, plan.days - 30 + number)]
    left, right = [row[1] for row in rows], [row[2] for row in rows]
    columns = {"decision": [row[0] for row in rows]}
    for side, chosen in (("left", left), ("right", right)):
        columns[f"{side}_source"] = own.loc[chosen, "till"]
        columns[f"{side}_location_id"] = shop_ids(plan)[own.loc[chosen, "shop"]]
        columns[f"{side}_id"] = own.loc[chosen, "source_record_id"]
    columns |= {
        "decided_by": ["steward"] * len(rows),
        "decided_at": at + "T15:00:00Z",
        "reason": [
            {"merge": "same person, asked", "separate": "live together"}.get(row[0], "to check") for row in rows
        ],
    }
    yield delivery(plan, "identity_decisions", columns)


def _pairs(records: pd.DataFrame, by: str, count: int) -> list[tuple[int, int]]:
    """The first two records of the first groups that have two."""
    groups = records.groupby(by, sort=False).head(2)
    full = groups[groups.groupby(by)[by].transform("size") == 2].sort_values(by, kind="stable")
    index = full.index.to_numpy()[: 2 * count]
    return list(zip(index[::2].tolist(), index[1::2].tolist(), strict=True))
