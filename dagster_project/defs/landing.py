"""Extraction and cleaning as assets: one per feed, so that rows and rejects stand where one looks for them."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.clean import clean_feeds
from dagster_project.defs.resources import NetworkResource, progress
from dagster_project.extract.nightly import Landed, extract_night
from dagster_project.feeds import load_feeds
from dagster_project.ops import masked

# The rest stands in ops.drift.
DRIFTS_SHOWN = 50
LANDING_ZONE = dg.AssetSpec(
    "landing_zone", group_name="landing", description="Exports as locations and the franchisor deliver them; read only."
)
PREVIOUS = [
    dg.AssetSpec(["lake", f"previous_{name}"], group_name="state", description=description)
    for name, description in {
        "churn_alerts": "The alerts of the last published run: an input of this one.",
        "location_alerts": "The locations' own alerts of the last published run.",
        "location_action_list": "Whom the action lists of the last days named.",
        "rfm_months": "The month-ends of the published RFM history, with what each was computed from.",
        "rfm_history": "The published RFM history: months whose fingerprint still holds are kept.",
        "rfm_movement": "The published RFM movement, kept like the history.",
        "rfm_segment_daily": "The segments' sizes as every night published them.",
    }.items()
] + [
    dg.AssetSpec(
        ["lake", "holdout_rule"],
        group_name="state",
        description="Who is held out of action lists, by the network's key and share.",
    ),
    dg.AssetSpec(
        ["lake", "rfm_segments"],
        group_name="state",
        description="The network's own map of RFM segments, beside network.yaml; empty without one.",
    ),
]
LANDED = [
    dg.AssetSpec(
        ["landed", feed.name],
        group_name="landed",
        deps=[LANDING_ZONE],
        description=f"{feed.description.capitalize()}: typed, every physical row accounted for.",
    )
    for feed in load_feeds().values()
]
ARRIVAL = dg.AssetSpec(
    ["lake", "arrival"],
    group_name="landed",
    deps=[LANDING_ZONE],
    description="One row per location: through which business day it has delivered.",
)
PARAMETERS = dg.AssetSpec(
    ["lake", "parameters"],
    group_name="landed",
    deps=[LANDING_ZONE],
    description="One row: this run's id, its as-of date and every threshold of network.yaml.",
)
CLEAN = [
    dg.AssetSpec(
        ["lake", feed.name],
        group_name="clean",
        deps=[["landed", feed.name], ["landed", "locations"]]
        if feed.name != "locations"
        else [["landed", "locations"]],
        description=f"{feed.description.capitalize()}: counted once, contact details normalised and judged.",
    )
    for feed in load_feeds().values()
]


@dg.multi_asset(name="extract", specs=[*LANDED, ARRIVAL, PARAMETERS])
def extract(network: NetworkResource) -> Iterator[dg.MaterializeResult]:
    landed = extract_night(network.claim(), progress.info)
    read = sum(entry.rows_read for entry in landed.entries)
    progress.info(f"landed {read:,} rows from {len(landed.entries):,} files; {len(landed.set_aside)} files set aside")
    for feed in load_feeds():
        yield dg.MaterializeResult(asset_key=["landed", feed], metadata=_landed_metadata(landed, feed))
    yield dg.MaterializeResult(asset_key=ARRIVAL.key, metadata={"as_of_date": landed.as_of_date.isoformat()})
    yield dg.MaterializeResult(asset_key=PARAMETERS.key, metadata={"run_id": landed.run_id})


@dg.multi_asset(name="clean", specs=CLEAN)
def clean(network: NetworkResource) -> Iterator[dg.MaterializeResult]:
    loaded = network.claim()
    summary = clean_feeds(loaded.home, loaded)
    progress.info("cleaned contact details")
    for feed in load_feeds():
        yield dg.MaterializeResult(asset_key=["lake", feed], metadata=summary[feed])


def _landed_metadata(landed: Landed, feed: str) -> dict:
    set_aside = [f"- {masked(entry.reason or '')}" for entry in landed.set_aside]
    drifted = [f"- {masked(path)}: {d.change} {masked(d.column)} {d.detail}".rstrip() for path, d in landed.drift(feed)]
    return {
        **landed.counts(feed),
        "as_of_date": landed.as_of_date.isoformat(),
        "drift": dg.MetadataValue.md("\n".join(drifted[:DRIFTS_SHOWN]) or "none"),
        "files set aside (all feeds)": dg.MetadataValue.md("\n".join(set_aside) or "none"),
    }
