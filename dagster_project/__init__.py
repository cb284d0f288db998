"""Regulars: every till of a franchise network becomes one list of regulars.

A map of the rooms, in the order data passes through them:

    sources/    which export looks like what: feeds.yaml and one YAML contract per export format
    extract/    exports become landed Parquet, every row accounted for
    clean/      contact fields are normalised and judged, nothing is dropped silently
    identity/   records become people with persistent ids and a golden record
    warehouse/  lays the lake out as tables for dbt, and prepares the candidate files
    predict/    the repeat-purchase models' room
    report/     pages to look at, without a name in them
    validate/   judges a candidate and seals it
    publish/    delivers sealed snapshots, and swaps what is published
    demo/       writes a demo network's exports
    defs/       the Dagster shell around all of them

Rooms never import one another: they meet through files. What they share are the leaves beside this
file (network, home, lake_file, feeds, ops, seal, errors), which import no room.
"""
