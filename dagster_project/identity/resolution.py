"""One run of identity: reads lake/clean, writes lake/identity and the registry of the candidate."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.errors import IdentityError
from dagster_project.home import Home
from dagster_project.identity.contact_points import find_consent, find_engagement, write_contact_points
from dagster_project.identity.decisions import EFFECTS, find_parted, read_decisions
from dagster_project.identity.events import EVENTS, FORMER_IDS, load_events, remember_ids, tell_events
from dagster_project.identity.golden_record import FIELD_NAMES, choose_golden_records
from dagster_project.identity.households import find_households
from dagster_project.identity.kept import distrust_kept
from dagster_project.identity.match import RULES
from dagster_project.identity.matching import match
from dagster_project.identity.model import model_of
from dagster_project.identity.observations import TILL_FEEDS, collect_observations
from dagster_project.identity.orders import assign_orders, assign_signups
from dagster_project.identity.persist import persist_ids
from dagster_project.identity.quality import QUALITY, measure_quality
from dagster_project.identity.registry import REGISTRY, RETIRED_IDS
from dagster_project.identity.review import find_review_pairs
from dagster_project.identity.source_records import build_source_records
from dagster_project.memory import bounded, memory_for
from dagster_project.network import Network

FEEDS = ("customers", *TILL_FEEDS, "signups", "consents", "engagement", "identity_decisions")
# A cache: without it the same comes out, later.
KEPT = "kept.duckdb"

# Output -> what it selects. Each is ordered by a key of its own, so that its bytes depend on its rows only.
OUTPUTS = {
    "source_records": """select record_key, source, location_id, source_record_id, account_kind,
        is_prospect_record, first_seen_date, last_seen_date from records order by record_key""",
    "customer_identities": """select * from registry_now
        where valid_to is null or valid_to > valid_from order by record_key, valid_from""",
    "retired_ids": RETIRED_IDS,
    "identity_events": "select * from events_now order by event_no",
    "review_pairs": """select r.* exclude (left_key, right_key),
            concat_ws('/', a.source, coalesce(a.location_id, ''), a.source_record_id) as left_record,
            concat_ws('/', b.source, coalesce(b.location_id, ''), b.source_record_id) as right_record
        from review_pairs r join records a on a.record_key = r.left_key join records b on b.record_key = r.right_key
        order by left_customer_id, right_customer_id""",
    "households": "select * from households order by customer_id",
    "golden_records": "select * from golden_records order by customer_id",
    "golden_record_audit": f"""select p.customer_id, {FIELD_NAMES}[c.field_no + 1] as field, c.rule,
            r.record_key as source_record_key, c.losers
        from chosen c join records r using (record_no) join people p using (record_no)
        order by c.customer_no, c.field_no""",
    "contact_points": "select * from contact_points order by customer_id, kind, value",
    "customer_records": """select k.source, nullif(k.scope, '') as location_id, k.who as source_customer_id,
            p.customer_id
        from known_as k join people p using (record_no) where not k.is_contact
        order by source, location_id, source_customer_id""",
    "order_records": """select o.source, o.location_id, o.order_id, r.record_key, p.customer_id,
            o.is_contact, o.is_payer
        from order_persons o join records r using (record_no) join people p using (record_no)
        order by location_id, order_id, source""",
    "signup_records": """select s.source, s.signup_id, r.record_key, p.customer_id
        from signup_persons s join records r using (record_no) join people p using (record_no)
        order by signup_id, source""",
    "record_values": """select r.record_key, r.source, r.location_id, r.source_record_id, o.* exclude (record_no),
            e.cluster_no as exact_no, n.class as name_class
        from observed o join records r using (record_no) join exact_clusters e using (record_no)
        join names n using (record_no) order by all""",
    "record_ties": f"""select {list(RULES)}[rule_rank + 1] as match_rule, record_key, block
        from ties join records using (record_no) order by all""",
    "record_edges": """select a.record_key as left_key, b.record_key as right_key, e.probability, e.is_taken, e.left_no,
            e.right_no
        from edges e join records a on a.record_no = e.record_l join records b on b.record_no = e.record_r
        order by all""",
    "decision_effects": EFFECTS,
    "profiles": "select r.record_key, p.* from profiles p join records r using (record_no) order by profile_no",
}
# What `explain` looks at; personal data, like the lake it lies in.
EVIDENCE = ("record_values", "record_ties", "record_edges", "decision_effects", "profiles")
STATE = {REGISTRY: "registry_now", FORMER_IDS: "former_ids_now", EVENTS: "events_now", QUALITY: "quality"}


def resolve(home: Home, network: Network, as_of_date: date, hash_key: bytes) -> dict[str, int]:
    """Resolve everybody known on `as_of_date`; rows dated later wait.

    `hash_key` keys the ids of records that have nothing but a contact. Writes lake/identity/*.parquet and
    candidate/state/registry.parquet, each replaced in one rename; the registry before is that of the
    published run. Returns source_records, customers, new_customers, orders and ties per match rule.
    Raises IdentityError when clean feeds are missing or the registry is damaged.
    """
    for feed in FEEDS:
        if not any(home.clean(feed).glob("*.parquet")):
            raise IdentityError(f"{home.clean(feed)}: no clean files of feed {feed}; run clean first")
    with _workbench(home) as con:
        con.execute("create temp table run as select ?::date as as_of_date", [as_of_date])
        collect_observations(con, home)
        build_source_records(con, hash_key)
        decisions = read_decisions(con, home)
        match(con, model_of(network), network.identity, decisions, home.identity / KEPT)
        load_events(con, _state_before(home, FORMER_IDS), _state_before(home, EVENTS))
        new_customers = persist_ids(con, _state_before(home, REGISTRY))
        remember_ids(con)
        tell_events(con)
        measure_quality(con)
        limits = network.identity
        find_parted(con)
        find_review_pairs(con, limits.review_probability, limits.auto_merge_probability)
        for file, table in STATE.items():
            _write(con, f"select * from {table} order by all", home.candidate_state / file)
        _write_outputs(
            con, home, "source_records", "customer_identities", "retired_ids", "identity_events", "review_pairs"
        )
        _write_outputs(con, home, *EVIDENCE)
        con.unregister("clusters")
        _drop(con, "votes", "registry", "registry_now")
        find_engagement(con, home)
        find_consent(con, home)
        choose_golden_records(con)
        find_households(con)
        _write_outputs(con, home, "golden_records", "golden_record_audit", "households")
        _drop(con, "said", "chosen")
        write_contact_points(con)
        _write_outputs(con, home, "contact_points")
        _drop(con, "observed", "golden_records", "contact_points", "consent", "engaged")
        assign_orders(con, home)
        assign_signups(con, home)
        _write_outputs(con, home, "customer_records", "order_records", "signup_records")
        return _summary(con) | {"new_customers": new_customers}


@contextmanager
def _workbench(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills beside its outputs, and leaves nothing there."""
    home.identity.mkdir(parents=True, exist_ok=True)
    spill = home.identity / ".spill"
    shutil.rmtree(spill, ignore_errors=True)
    try:
        with duckdb.connect(config=bounded(spill, memory_for(home.ledger))) as con:
            con.execute("set preserve_insertion_order = false")
            yield con
    except duckdb.IOException:
        # Much of what is kept is first read where it is written out; damage there must not fail every night to come.
        distrust_kept(home.identity / KEPT)
        raise
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _state_before(home: Home, file: str) -> Path | None:
    state = home.current_state()
    path = state / file if state else None
    return path if path and path.is_file() else None


def _drop(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Tables whose work is done make room for the next step."""
    for table in tables:
        con.execute(f"drop table if exists {table}")


def _write_outputs(con: duckdb.DuckDBPyConnection, home: Home, *names: str) -> None:
    for name in names:
        _write(con, OUTPUTS[name], home.identity / f"{name}.parquet")


def _write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    target = str(beside).replace("'", "''")
    con.execute(f"copy ({query}) to '{target}' (format parquet)")
    os.replace(beside, path)


def _summary(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = con.execute(
        """select (select count(*) from records), (select count(distinct customer_id) from people),
                  (select count(*) from order_persons)"""
    ).fetchall()[0]
    rules = con.execute("select match_rule, count(*) from people group by 1 order by 1").fetchall()
    summary = dict(zip(("source_records", "customers", "orders"), counts, strict=True))
    return summary | {f"matched_by_{rule}": count for rule, count in rules}
