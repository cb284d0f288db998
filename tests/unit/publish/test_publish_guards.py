"""Guards on what leaves, at their default limits: shrink 10%, removals 5%, changes 50%, rejects 2%."""

import pytest

from dagster_project.errors import PublishError
from dagster_project.network import PublishSection
from dagster_project.publish.guards import Difference, refuse_unlikely

LIMITS = PublishSection()


@pytest.mark.parametrize(
    "difference",
    [
        Difference(offered=0, rejected=0, acknowledged=None),
        Difference(offered=0, rejected=0, acknowledged=0),
        Difference(offered=1000, rejected=20, acknowledged=None),
        Difference(offered=980, rejected=20, acknowledged=1000),
        Difference(offered=950, rejected=0, acknowledged=1000, removed=50),
        Difference(offered=1000, rejected=0, acknowledged=1000, changed=500),
        Difference(offered=1, rejected=98, acknowledged=99, removed=98, changed=1),
    ],
)
def test_within_the_limits_or_too_small_to_tell_it_leaves(difference):
    refuse_unlikely("email_drop", difference, LIMITS)


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (Difference(0, 0, acknowledged=1), "the audience is empty and had 1 profiles"),
        (
            Difference(899, 0, acknowledged=1000, removed=0),
            "101 of 1000 profiles fewer .*max_audience_shrink allows 10.0%",
        ),
        (Difference(1000, 0, acknowledged=1000, removed=51), "51 of 1000 .*max_removals allows 5.0%"),
        (Difference(1000, 0, acknowledged=1000, changed=501), "501 of 1000 .*max_changes allows 50.0%"),
        (Difference(979, 21, acknowledged=None), "21 of 1000 .*max_rejects allows 2.0%"),
    ],
)
def test_beyond_a_limit_it_is_refused_by_name_and_numbers(difference, told):
    with pytest.raises(
        PublishError, match=rf"destination email_drop: {told}.*nothing was sent|{told}; nothing was sent"
    ):
        refuse_unlikely("email_drop", difference, LIMITS)
