"""Real sales of a wholesaler, described by YAML alone: accounted for, and scored as pandas scores them."""

import gzip
import io
import math
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from nights import Nights
from retail import lay_out, network_at

FEES = {"POST", "DOT", "C2", "D", "M", "m", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"}
RECENT_DAYS, BASELINE_DAYS = 30, 360


@pytest.fixture(scope="module")
def whole(online_retail: Path, tmp_path_factory) -> Nights:
    """One night with all files."""
    folder = tmp_path_factory.mktemp("whole")
    lay_out(online_retail, folder / "landing", 219)
    # Nine months of data: a short recent window leaves more customers a baseline of half a year.
    recent = f"churn: {{recent_days: {RECENT_DAYS}}}\n"
    nights = Nights(network_at(folder, more=recent), folder / "books")
    assert nights.run().success
    return nights


@pytest.fixture(scope="module")
def raw(online_retail: Path) -> pd.DataFrame:
    """Every line as the files have it, read without the pipeline."""
    files = [gzip.decompress(f.read_bytes()).decode() for f in sorted(online_retail.glob("*.csv.gz"))]
    lines = pd.concat([pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False) for text in files])
    lines["net"] = [Decimal(q) * Decimal(p) for q, p in zip(lines["Quantity"], lines["UnitPrice"], strict=True)]
    lines["day"] = pd.to_datetime(lines["InvoiceDate"]).dt.date
    return lines


def test_every_row_is_accounted_for(whole: Nights) -> None:
    files, read, landed, duplicate, rejected = whole.ops(
        """select count(*), sum(rows_read), sum(rows_landed), sum(rows_duplicate), sum(rows_rejected)
           from files where feed = 'order_lines'"""
    )[0]
    assert (files, read, landed, duplicate, rejected) == (219, 320_705, 320_705, 0, 0)
    net, cancelled, cancelled_lines, adjusted, adjusted_lines = whole.query(
        """select sum(net_amount),
               sum(net_amount) filter (where order_id like 'C%'), count(*) filter (where order_id like 'C%'),
               sum(net_amount) filter (where order_id like 'A%'), count(*) filter (where order_id like 'A%')
           from fct_order_lines"""
    )[0]
    assert round(net, 2) == Decimal("5761931.38")
    assert (round(cancelled, 2), cancelled_lines) == (Decimal("-520770.56"), 5847)
    assert (round(adjusted, 2), adjusted_lines) == (Decimal("-11062.06"), 3)
    assert whole.query("select count(*) from dim_customers") == [(3360,)]


def test_rfm_scores_equal_an_independent_computation(whole: Nights, raw: pd.DataFrame) -> None:
    goods = raw[~raw["StockCode"].isin(FEES) & ~raw["InvoiceNo"].str.startswith("A") & (raw["CustomerID"] != "")]
    sold = goods[~goods["InvoiceNo"].str.startswith("C")]
    days = sold.groupby(["CustomerID", "day"])["net"].sum()
    days = days[days > 0].reset_index()
    people = days.groupby("CustomerID")["day"].agg(["max", "count"])
    people["recency"] = (date(2011, 8, 31) - people["max"]).map(lambda gap: gap.days)
    people["money"] = goods.groupby("CustomerID")["net"].sum().reindex(people.index)

    def shares(worse_first: pd.Series) -> pd.Series:
        """Customers worse plus half of those equal, over all."""
        return (worse_first.rank(method="average") - 0.5) / len(worse_first)

    r = (1 + (5 * shares(-people["recency"])).map(math.floor)).clip(upper=5)
    m = (1 + (5 * shares(people["money"].astype(float))).map(math.floor)).clip(upper=5)
    again = people["count"] > 1
    f = pd.Series(1, index=people.index)
    f[again] = (2 + (4 * shares(people["count"][again])).map(math.floor)).clip(upper=5)
    expected = {
        customer.removesuffix(".0"): (row.recency, row["count"], row.money, r[customer], f[customer], m[customer])
        for customer, row in people.iterrows()
    }
    found = {
        record: tuple(values)
        for record, *values in whole.query(
            """select i.source_record_id,
                   s.recency_days, s.frequency, s.monetary_amount, s.r_score, s.f_score, s.m_score
               from rfm_scores s join customer_identities i using (customer_id) where i.valid_to is null"""
        )
    }
    assert found == expected
    equal = whole.query(
        """select count(*) from (select frequency from rfm_scores group by 1 having count(distinct f_score) > 1)"""
    )
    assert equal == [(0,)]


def outages(days: pd.DatetimeIndex, end: pd.Timestamp) -> pd.Series:
    """Days of an outage so far, by day: three or more without a sale, where most days have one."""
    is_out = pd.Series(0, index=pd.date_range(days.min() - pd.Timedelta(days=BASELINE_DAYS), end))
    if 2 * len(days) > (days.max() - days.min()).days:
        for before, after in pairwise([*days, end + pd.Timedelta(days=1)]):
            if (after - before).days > 3:
                is_out[before + pd.Timedelta(days=1) : after - pd.Timedelta(days=1)] = 1
    return is_out.cumsum()


def spend_ratios(raw: pd.DataFrame) -> dict[str, float]:
    """Definitions, Churn alerts, in pandas: customer -> recent over usual, where there is a usual."""
    day = pd.Timedelta(days=1)
    raw = raw.reset_index(drop=True)
    receipts = raw[~raw["InvoiceNo"].str.startswith(("A", "C"))]
    net = receipts["net"].astype(float).where(~receipts["StockCode"].isin(FEES), 0.0)
    receipts = receipts.assign(net=net, day=pd.to_datetime(receipts["day"]))
    is_known = receipts["CustomerID"] != ""
    end = receipts["day"].max()
    start = end - RECENT_DAYS * day
    out, level = {}, {}
    for place, own in receipts.groupby("Country"):
        out[place] = outages(pd.DatetimeIndex(sorted(own["day"].unique())), end)
        recent, known = own["day"] > start, is_known[own.index]
        usual_share = own.loc[~recent & known, "net"].sum() / (own.loc[~recent, "net"].sum() or math.nan)
        recent_share = own.loc[recent & known, "net"].sum() / (own.loc[recent, "net"].sum() or math.nan)
        level[place] = 0 if usual_share > 0 else 1
        if recent_share > 0:
            level[place] = 1 if math.isnan(usual_share) else max(usual_share / recent_share, 1)
    visits = receipts[is_known].groupby(["CustomerID", "day", "Country"])["net"].sum().reset_index()
    visits = visits.sort_values("net", ascending=False, kind="stable")
    visits = visits.groupby(["CustomerID", "day"]).agg(net=("net", "sum"), place=("Country", "first")).reset_index()
    found = {}
    for customer, own in visits[visits["net"] > 0].groupby("CustomerID"):
        homes = own.groupby("place")["day"].agg(["size", "max"]).reset_index()
        home = homes.sort_values(["size", "max", "place"], ascending=[False, False, True])["place"].iloc[0]
        begin = max(start - BASELINE_DAYS * day, own["day"].min() - day)
        so_far = out[home]
        exposure = (start - begin).days - so_far[start] + so_far[begin]
        recent_exposure = RECENT_DAYS - so_far[end] + so_far[start]
        baseline = own[(own["day"] > begin) & (own["day"] <= start)]
        if exposure >= 180 and len(baseline) >= 3 and level[home]:
            usual = baseline["net"].sum() * recent_exposure / exposure / level[home]
            found[customer.removesuffix(".0")] = own.loc[own["day"] > start, "net"].sum() / usual
    return found


def test_spend_ratios_equal_an_independent_computation(whole: Nights, raw: pd.DataFrame) -> None:
    with duckdb.connect(str(whole.network.home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            """select i.source_record_id, s.spend_ratio
               from intermediate.int_customer_spending_compared s
               join lake.customer_identities i using (customer_id)
               where i.valid_to is null and s.spend_ratio is not null"""
        ).fetchall()
    expected = spend_ratios(raw)
    assert len(expected) > 300
    assert dict(rows).keys() == expected.keys()
    assert dict(rows) == pytest.approx(expected, rel=1e-9)


def by_customer(nights: Nights, sql: str) -> dict[str, tuple]:
    """Source record -> the other columns, for a query that begins with customer_id."""
    rows = nights.query(
        f"""with found as ({sql}) select i.source_record_id, found.* exclude (customer_id)
            from found join customer_identities i using (customer_id) where i.valid_to is null"""
    )
    return {record: tuple(values) for record, *values in rows}


@pytest.fixture(scope="module")
def visits(raw: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and day with positive sales, computed without the pipeline."""
    goods = raw[~raw["StockCode"].isin(FEES) & ~raw["InvoiceNo"].str.startswith(("A", "C")) & (raw["CustomerID"] != "")]
    days = goods.groupby(["CustomerID", "day"])["net"].sum()
    days = days[days > 0].reset_index()
    days["CustomerID"] = days["CustomerID"].str.removesuffix(".0")
    return days


def test_abc_classes_equal_an_independent_computation(whole: Nights, raw: pd.DataFrame) -> None:
    goods = raw[~raw["StockCode"].isin(FEES) & ~raw["InvoiceNo"].str.startswith("A") & (raw["CustomerID"] != "")]
    recent = goods[goods["day"] > date(2010, 8, 31)]
    net = recent.groupby("CustomerID")["net"].sum().rename(index=lambda customer: customer.removesuffix(".0"))
    positive = net[net > 0].sort_values(ascending=False)
    before = {amount: positive[positive > amount].sum() / positive.sum() for amount in set(positive)}

    def class_of(amount: Decimal) -> str:
        if amount <= 0 or before[amount] >= Decimal("0.95"):
            return "C"
        return "A" if before[amount] < Decimal("0.8") else "B"

    expected = {customer: class_of(amount) for customer, amount in net.items()}
    found = by_customer(whole, "select customer_id, abc_class from customer_value")
    assert {customer: klass for customer, (klass,) in found.items() if customer in expected} == expected
    assert {klass for customer, (klass,) in found.items() if customer not in expected} <= {"C"}
    elite = sum(klass == "A" for klass in expected.values())
    share = whole.query("select customers_share_for_80pct_sales from sales_concentration where scope = 'network'")[0][0]
    assert share == pytest.approx(elite / len(positive), abs=1 / len(positive))


def test_second_visits_equal_lifelines(whole: Nights, visits: pd.DataFrame) -> None:
    from lifelines import KaplanMeierFitter

    ordered = visits.sort_values("day").groupby("CustomerID")["day"].apply(list)
    first = ordered.map(lambda days: days[0])
    returned = ordered.map(len) > 1
    days = ordered.map(lambda days: ((days[1] if len(days) > 1 else date(2011, 8, 31)) - days[0]).days)
    quarter = pd.PeriodIndex(pd.to_datetime(first), freq="Q").start_time.date
    told = whole.query("select * exclude (scope, as_of_date) from second_visit where scope = 'network'")
    assert len(told) == 4 * 7
    for cohort, mark, customers, at_risk, back, rate, low, high, _ in told:
        here = quarter == cohort
        assert (customers, at_risk) == (here.sum(), (days[here] >= mark).sum())
        assert back == (returned[here] & (days[here] <= mark)).sum()
        if at_risk < 20:
            assert rate is None
            continue
        fitted = KaplanMeierFitter().fit(days[here], returned[here])
        assert rate == pytest.approx(1 - fitted.predict(mark), abs=1e-8)
        interval = fitted.confidence_interval_survival_function_.loc[:mark].iloc[-1]
        if low is not None:
            assert (1 - low, 1 - high) == pytest.approx((interval.iloc[1], interval.iloc[0]), abs=1e-6)


def test_cohorts_equal_pandas(whole: Nights, visits: pd.DataFrame) -> None:
    month = pd.PeriodIndex(pd.to_datetime(visits["day"]), freq="M")
    born = month.to_series(index=visits.index).groupby(visits["CustomerID"]).transform("min")
    number = [(m - b).n for m, b in zip(month, born, strict=True)]
    active = visits["CustomerID"].groupby([born, pd.Series(number, index=visits.index)]).nunique()
    told = whole.query("select cohort_month, month_number, active_customers, net_amount from cohort_retention")
    assert {(pd.Period(m, "M"), n): count for m, n, count, _ in told if count} == active.to_dict()
    total = whole.query(
        """select sum(o.net_amount) from fct_orders o
           join (select customer_id, min(visit_date) as first_day from fct_visits group by 1) using (customer_id)
           where o.business_date >= date_trunc('month', first_day)"""
    )
    assert sum(net for *_, net in told) == total[0][0]


def test_inputs_of_the_models_equal_pandas(whole: Nights, visits: pd.DataFrame) -> None:
    days = visits.groupby("CustomerID")["day"].agg(["min", "max", "count"])
    expected = {
        customer: (row["count"] - 1, (row["max"] - row["min"]).days, (date(2011, 8, 31) - row["min"]).days)
        for customer, row in days.iterrows()
    }
    assert by_customer(whole, "select customer_id, x, t_x, t_age from customer_value where x is not null") == expected


def test_the_alerts_are_more_than_none(whole: Nights) -> None:
    assert whole.query("select count(*) > 50 from churn_alerts") == [(True,)]
