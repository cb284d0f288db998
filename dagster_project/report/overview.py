"""report/index.html: segments, alerts and value of the network at a glance. Counts and sums only, no customer."""

from html import escape
from pathlib import Path

import duckdb

from dagster_project.home import Home
from dagster_project.report.pictures import bars, lines

_HEAD = """
select as_of_date, count(*) filter (where visits > 0), count(*) filter (where visits = 0), sum(lifetime_net_amount)
from marts.marts.customer_360 group by 1
"""
_SEGMENTS = """
select rfm_segment, count(*), sum(monetary_amount) from marts.marts.rfm_scores group by 1 order by 3 desc, 1
"""
_ALERTS = """
select alert_type, count(*), sum(value_at_risk_amount)
from marts.marts.churn_alerts where outcome = 'open' group by 1 order by 3 desc nulls last, 1
"""
_LOCATIONS = """
select location_id, count(*), sum(value_at_risk_amount)
from marts.marts.churn_alerts where outcome = 'open' group by 1 order by 3 desc nulls last, 1
"""
_VALUE = """
select coalesce(abc_class, 'none'), count(*), sum(net_12m_amount), sum(predicted_net_365d_amount)
from marts.marts.customer_value group by 1 order by 1
"""
_CALIBRATION = """
select decile, predicted, actual from marts.marts.model_calibration where is_chosen order by 1
"""
_RETURNS = """
select strftime(cohort_quarter, '%Y-Q') || quarter(cohort_quarter), day_mark, second_visit_rate
from marts.marts.second_visit where scope = 'network' and second_visit_rate is not null order by 1, 2
"""
_CONCENTRATION = """
select scope, customers, customers_share_for_80pct_sales, sales_share_of_top_10pct, gini
from marts.marts.sales_concentration order by scope <> 'network', scope
"""
_RECORDS = """
select records, count(*)
from (
    select least(count(*), 5) as records
    from marts.marts.customer_identities where valid_to is null group by customer_id
)
group by 1 order by 1
"""
_SOURCES = """
select source, count(*), count(distinct customer_id), count(distinct customer_id) filter (sources > 1)
from (
    select source, customer_id, count(distinct source) over (partition by customer_id) as sources
    from marts.marts.customer_identities where valid_to is null
)
group by 1 order by 2 desc, 1
"""
_RULES = """
select match_rule, count(*) from marts.marts.customer_identities where valid_to is null group by 1 order by 2 desc, 1
"""
_OPEN_QUESTIONS = "select count(*) from marts.marts.identity_review"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: the regulars on {as_of}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
h1 {{ margin-bottom: 0 }} .when, .note {{ color: #555 }} svg {{ max-width: 100%; height: auto }}
table {{ border-collapse: collapse; margin: 1rem 0 }} th, td {{ padding: .25rem .8rem; text-align: right }}
th:first-child, td:first-child {{ text-align: left }}
thead th {{ border-bottom: 2px solid #222 }} tbody tr {{ border-bottom: 1px solid #ddd }}
</style></head><body>
<h1>{name}</h1><p class="when">As of {as_of}: {customers} customers with a visit, {prospects} prospects,
{net} {currency} in all.</p>
{sections}
<p class="note">Counts and sums only. Every mart says what it is in the database: see its comments.</p>
</body></html>
"""


def write_overview(home: Home, name: str, currency: str) -> Path:
    """Write candidate/report/index.html from the candidate's marts; returns its path."""
    with duckdb.connect(str(home.candidate_marts), read_only=True) as connection:
        found = {
            title: connection.execute(query).fetchall()
            for title, query in (
                ("head", _HEAD), ("segments", _SEGMENTS), ("alerts", _ALERTS), ("locations", _LOCATIONS),
                ("value", _VALUE), ("calibration", _CALIBRATION), ("returns", _RETURNS), ("shares", _CONCENTRATION),
                ("records", _RECORDS), ("sources", _SOURCES), ("rules", _RULES), ("questions", _OPEN_QUESTIONS),
            )
        }  # fmt: skip
    as_of, customers, prospects, net = found["head"][0] if found["head"] else ("no day yet", 0, 0, 0)
    page = _PAGE.format(
        name=escape(name), as_of=as_of, customers=_told(customers), prospects=_told(prospects), net=_told(net),
        currency=escape(currency), sections="\n".join(_sections(found)),
    )  # fmt: skip
    path = home.candidate / "report" / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _sections(found: dict[str, list[tuple]]) -> list[str]:
    calibrated = [(str(d), kind, v) for d, *both in found["calibration"] for kind, v in zip(KINDS, both, strict=True)]
    by_records = [(RECORDS[records - 1], customers) for records, customers in found["records"]]
    return [
        _section("Segments", bars(found["segments"], "segment", "customers"),
                 ("segment", "customers", "net"), found["segments"]),
        _section("Slipping away", bars(found["alerts"], "alert", "open alerts"),
                 ("alert", "open alerts", "value at risk"), found["alerts"]),
        _section("By location", "", ("location", "open alerts", "value at risk"), found["locations"]),
        _section("Value", "", ("class", "customers", "net of 12 months", "expected in 12"), found["value"]),
        _section("Who brings the sales", "", ("scope", "customers", "share for 80%", "top tenth's share", "Gini"),
                 found["shares"]),
        _section("Second visits", lines(found["returns"], "days since the first visit", "share returned"), (), []),
        _section("Predicted and actual visits of the holdout", lines(calibrated, "tenth of customers", "visits"),
                 (), []),
        _section("Who is one person", bars(by_records, "records put together", "customers"),
                 ("source", "records", "customers", "of them in another source too"), found["sources"]),
        _section("What ties a record to its customer", "", ("rule", "records"), found["rules"]),
        f"<p>Pairs that a person should look at (mart identity_review): {_told(found['questions'][0][0])}.</p>",
    ]  # fmt: skip


KINDS = ("predicted", "actual")
RECORDS = ("one", "two", "three", "four", "five or more")


def _section(title: str, picture: str, headers: tuple[str, ...], rows: list[tuple]) -> str:
    if not picture and not rows:
        return f"<h2>{title}</h2><p>Nothing to tell yet.</p>"
    head = "".join(f"<th>{header}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(_told(v))}</td>" for v in row) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
    return f"<h2>{title}</h2>{picture}{table}"


def _told(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return value if isinstance(value, str) else f"{value:,.0f}"
