"""A warehouse with the schema `lake` that dbt reads, filled with a few readable rows.

Clean feeds take their columns from feeds.yaml; the other tables are spelled out here, as landing,
identity and state leave them. A table without rows is there too, empty.
"""

import os
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.clean.columns import clean_schema
from dagster_project.feeds import load_feeds
from dagster_project.network import Network

OTHER_TABLES = {
    "arrival": "location_id VARCHAR, data_through_date DATE",
    "source_records": """record_key VARCHAR, source VARCHAR, location_id VARCHAR, source_record_id VARCHAR,
        account_kind VARCHAR, is_prospect_record BOOLEAN, first_seen_date DATE, last_seen_date DATE""",
    "customer_identities": """record_key VARCHAR, source VARCHAR, location_id VARCHAR, source_record_id VARCHAR,
        customer_id VARCHAR, match_rule VARCHAR, match_probability DOUBLE, valid_from DATE, valid_to DATE""",
    "review_pairs": """left_customer_id VARCHAR, right_customer_id VARCHAR, left_record VARCHAR,
        right_record VARCHAR, probability DOUBLE, reason VARCHAR, first_name_evidence VARCHAR,
        last_name_evidence VARCHAR, email_evidence VARCHAR, phone_evidence VARCHAR, birth_date_evidence VARCHAR,
        home_evidence VARCHAR, card_evidence VARCHAR""",
    "households": "customer_id VARCHAR, household_id VARCHAR",
    "identity_events": """event_no BIGINT, event VARCHAR, from_customer_id VARCHAR, to_customer_id VARCHAR,
        reason VARCHAR, records BIGINT, as_of_date DATE""",
    "decision_effects": """decision_no BIGINT, decision VARCHAR, decided_at TIMESTAMP, left_record VARCHAR,
        right_record VARCHAR, left_customer_id VARCHAR, right_customer_id VARCHAR, is_in_force BOOLEAN,
        effect VARCHAR""",
    "retired_ids": "customer_id VARCHAR, living_customer_id VARCHAR",
    "customer_records": "source VARCHAR, location_id VARCHAR, source_customer_id VARCHAR, customer_id VARCHAR",
    "order_records": """source VARCHAR, location_id VARCHAR, order_id VARCHAR, record_key VARCHAR,
        customer_id VARCHAR, is_contact BOOLEAN, is_payer BOOLEAN""",
    "signup_records": "source VARCHAR, signup_id VARCHAR, record_key VARCHAR, customer_id VARCHAR",
    "golden_records": """customer_id VARCHAR, account_kind VARCHAR, first_name VARCHAR, last_name VARCHAR,
        email VARCHAR, email_validity VARCHAR, phone VARCHAR, phone_validity VARCHAR, address VARCHAR,
        address_validity VARCHAR, city VARCHAR, region VARCHAR, postal_code VARCHAR, country VARCHAR,
        birth_date DATE, how_heard VARCHAR, preferred_channel VARCHAR, preferred_frequency VARCHAR,
        household_size BIGINT, email_confirmed_on DATE, phone_confirmed_on DATE, address_confirmed_on DATE,
        first_created_on DATE""",
    "golden_record_audit": """customer_id VARCHAR, field VARCHAR, rule VARCHAR, source_record_key VARCHAR,
        losers BIGINT""",
    "contact_points": """customer_id VARCHAR, kind VARCHAR, value VARCHAR, validity VARCHAR,
        consent_state VARCHAR, consent_at TIMESTAMP, consent_basis VARCHAR, last_confirmed_on DATE,
        first_seen_on DATE, engaged_on DATE, bounced_on DATE, replaced_on DATE, is_golden BOOLEAN""",
    "customer_predictions": """customer_id VARCHAR, p_alive DOUBLE, p_no_purchase_30d DOUBLE, p_no_purchase_60d DOUBLE,
        p_no_purchase_90d DOUBLE, predicted_visits_365d DOUBLE, predicted_visit_amount DOUBLE,
        predicted_net_365d_amount DOUBLE, discounted_net_365d_amount DOUBLE, model VARCHAR, model_scope VARCHAR,
        fallback_reason VARCHAR""",
    "model_fits": """model_scope VARCHAR, model VARCHAR, is_chosen BOOLEAN, chosen_by VARCHAR, fallback_reason VARCHAR,
        customers BIGINT, repeat_customers BIGINT, r DOUBLE, alpha_days DOUBLE, a DOUBLE, b DOUBLE,
        log_likelihood DOUBLE, holdout_customers BIGINT, holdout_log_likelihood DOUBLE, spend_p DOUBLE,
        spend_q DOUBLE, spend_gamma DOUBLE, visits_spend_correlation DOUBLE""",
    "model_calibration": """model VARCHAR, decile BIGINT, customers BIGINT, predicted DOUBLE, actual DOUBLE,
        holdout_days BIGINT, is_chosen BOOLEAN""",
    "previous_churn_alerts": """alert_id VARCHAR, customer_id VARCHAR, opened_for_customer_id VARCHAR,
        location_id VARCHAR, alert_type VARCHAR,
        usual_amount DECIMAL(18,4), recent_amount DECIMAL(18,4), spend_ratio DOUBLE, evidence_p DOUBLE,
        silence_days BIGINT, usual_gap_days DOUBLE, p_alive DOUBLE, value_at_risk_amount DECIMAL(18,4),
        severity INTEGER, opened_on DATE, due_on DATE, is_holdout BOOLEAN, acted_at TIMESTAMP,
        outcome VARCHAR, closed_on DATE, as_of_date DATE""",
    "previous_location_alerts": """alert_id VARCHAR, location_id VARCHAR, alert_type VARCHAR, identified_share DOUBLE,
        usual_share DOUBLE, days_late BIGINT, opened_on DATE, outcome VARCHAR, closed_on DATE""",
    "previous_location_action_list": "customer_id VARCHAR, alert_id VARCHAR, as_of_date DATE",
    "rfm_segments": "r_score INTEGER, f_score INTEGER, rfm_segment VARCHAR, segment_rank INTEGER",
    "previous_rfm_months": "month_end DATE, fingerprint VARCHAR",
    "previous_rfm_history": """customer_id VARCHAR, month_end DATE, recency_days BIGINT, frequency BIGINT,
        monetary_amount DECIMAL(18,4), r_score INTEGER, f_score INTEGER, m_score INTEGER, rfm_segment VARCHAR""",
    "previous_rfm_movement": """month_end DATE, from_segment VARCHAR, to_segment VARCHAR, cause VARCHAR,
        direction VARCHAR, customers BIGINT, net_amount DECIMAL(18,4)""",
    "previous_rfm_segment_daily": """rfm_segment VARCHAR, customers BIGINT, net_amount DECIMAL(18,4),
        as_of_date DATE""",
}


def build_tiny_warehouse(home: Path, as_of_date: str, rows: dict[str, list[dict]]) -> None:
    """Write `home`/warehouse.duckdb and the candidate's folders; `rows` is table -> rows (missing columns null)."""
    shutil.rmtree(home / "candidate", ignore_errors=True)
    (home / "candidate" / "restricted").mkdir(parents=True, exist_ok=True)
    (home / "warehouse.duckdb").unlink(missing_ok=True)
    connection = duckdb.connect(str(home / "warehouse.duckdb"))
    connection.execute("create schema lake")
    for table, feed in load_feeds().items():
        columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in clean_schema(feed).items())
        connection.execute(f"create table lake.{table} ({columns})")
    for table, columns in OTHER_TABLES.items():
        connection.execute(f"create table lake.{table} ({columns})")
    _write_parameters(connection, as_of_date)
    connection.execute("create table lake.holdout_rule as select 'salt' as salt, '00000000' as below")
    for table, records in rows.items():
        _insert(connection, table, records)
    connection.close()


def _insert(connection: duckdb.DuckDBPyConnection, table: str, records: list[dict]) -> None:
    if not records:
        return
    columns = sorted({column for record in records for column in record})
    connection.register("records", pa.table({c: [record.get(c) for record in records] for c in columns}))
    connection.execute(f"insert into lake.{table} by name select * from records")
    connection.unregister("records")


def _write_parameters(connection: duckdb.DuckDBPyConnection, as_of_date: str) -> None:
    thresholds = Network(file=Path(os.devnull)).thresholds()
    names = ", ".join(f"? as {name}" for name in thresholds)
    connection.execute(
        f"create table lake.parameters as select ? as run_id, cast(? as date) as as_of_date, {names}",
        [f"{as_of_date}-1", as_of_date, *thresholds.values()],
    )
