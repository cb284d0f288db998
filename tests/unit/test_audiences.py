"""Audiences as data: what a condition may say, and what each mistake is told."""

import pytest

from dagster_project.audiences import load_audiences, usable_audiences
from dagster_project.audiences.catalogue import condition_problem
from dagster_project.errors import NetworkError
from dagster_project.network import Network

COLUMNS = {
    "customer_id": "string", "visits": "bigint", "tenure_days": "bigint", "rfm_segment": "string",
    "churn_alert_type": "string", "as_of_date": "date", "birth_month": "bigint", "lifetime_net_amount": "decimal(18,4)",
}  # fmt: skip


def network(tmp_path, **files: str) -> Network:
    (tmp_path / "audiences").mkdir(exist_ok=True)
    for name, text in files.items():
        (tmp_path / "audiences" / f"{name}.yaml").write_text(text)
    return Network(file=tmp_path / "network.yaml")


def test_the_built_in_ones_stand_on_the_columns_there_are(tmp_path):
    usable, reasons = usable_audiences(network(tmp_path), COLUMNS)
    assert [audience.name for audience in usable] == [
        "birthday_month", "champions", "first_visit_follow_up", "lapsed_win_back", "lost_valued", "slipping",
    ]  # fmt: skip
    assert reasons == {}


def test_a_built_in_one_without_its_column_is_left_out_with_the_reason(tmp_path):
    fewer = {name: type_ for name, type_ in COLUMNS.items() if name != "churn_alert_type"}
    _, reasons = usable_audiences(network(tmp_path), fewer)
    assert reasons.keys() == {"lapsed_win_back", "lost_valued", "slipping"}
    assert "needs column churn_alert_type" in reasons["slipping"]


def test_a_networks_own_replaces_a_built_in_one(tmp_path):
    text = "name: champions\ndescription: Ours.\npriority: 5\ncondition: visits >= 20\n"
    ours = {a.name: a for a in load_audiences(network(tmp_path, champions=text))}["champions"]
    assert (ours.priority, ours.condition, ours.turnover) == (5, "visits >= 20", "stable")


@pytest.mark.parametrize(
    "condition",
    [
        "visits = 1 and tenure_days <= 14",
        "rfm_segment in ('champions', 'loyal') -- the best",
        "lifetime_net_amount between 10 and 20 or not (visits > 3)",
        "case when visits > 1 then rfm_segment like 'c%' else false end",
        "birth_month = month(as_of_date)",
        "coalesce(rfm_segment, 'none') <> 'none'",
    ],
)
def test_plain_comparisons_over_the_row_are_conditions(condition):
    assert condition_problem(condition, COLUMNS) is None


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("visits = 1); drop table customer_360; select (1", "not one SQL expression"),
        ("delete from customer_360", "not one SQL expression"),
        ("visits in (select 1)", "uses subquery"),
        ("exists (select * from read_text('/etc/passwd'))", "uses"),
        ("true) union all select 1 from customer_360 where (true", "more than one"),
        ("true) limit 1 -- ", "not one SQL expression"),
        ("visits > 0) group by visits having (true", "more than one"),
        ("as_of_date = current_date", "needs column current_date"),
        ("now() > as_of_date", "uses now()"),
        ("random() < 0.5", "uses random()"),
        ("getenv('HOME') is null", "uses getenv()"),
        ("p_alive < 0.2", "needs column p_alive"),
        ("visits = 'many'", "does not fit customer_360"),
        ("count(*) > 1", "uses"),
        ("row_number() over () = 1", "window"),
    ],
)
def test_anything_else_is_refused(condition, told):
    problem = condition_problem(condition, COLUMNS)
    assert problem is not None
    assert told in problem


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: vip\ndescription: x\ncondition: visits > (select 1)\n", "vip.yaml: `condition` uses subquery"),
        ("name: vip\ndescription: x\ncondition: 'true'\ncolour: red\n", "vip.yaml: `colour`"),
        ("name: vip\ndescription: x\nname: vip\n", "vip.yaml: line 3: `name` stands here and on line 1"),
        ("name: vip\ndescription: x\ncondition: 'true'\nturnover: wild\n", "`turnover`: .*'stable'"),
        ("name: other\ndescription: x\ncondition: 'true'\n", "`name` is 'other'; it is the file's name"),
        (
            "name: vip\ndescription: x\ncondition: 'true'\ndestinations: [pigeon]\n",
            "names pigeon; network.yaml has email_drop",
        ),
        ("[", "vip.yaml"),
    ],
)
def test_mistakes_name_the_file_and_the_key(tmp_path, text, told):
    with pytest.raises(NetworkError, match=told):
        usable_audiences(network(tmp_path, vip=text), COLUMNS)
