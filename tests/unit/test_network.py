"""network.yaml: every key has its default, and every mistake names key, value and what is allowed."""

import re
import stat
from pathlib import Path

import pytest

from dagster_project.errors import NetworkError
from dagster_project.network import hash_key, load_network

README = Path(__file__).resolve().parents[2] / "docs" / "network.md"


def write(folder: Path, text: str) -> Path:
    file = folder / "network.yaml"
    file.write_text(text)
    return file


def test_a_minimal_file_is_a_whole_one(tmp_path: Path) -> None:
    network = load_network(write(tmp_path, "network:\n"))
    assert network.network.name == "Demo Coffee"
    assert network.landing == tmp_path / "landing"
    assert network.home.root == tmp_path / "home"
    assert network.as_of_date == "latest"
    assert network.churn.declining_ratio == 0.60
    assert [d.name for d in network.destinations] == ["email_drop"]


def test_the_documented_defaults_are_the_real_ones(tmp_path: Path) -> None:
    documented = re.search(r"```yaml\n(.*?)```", README.read_text(), re.S).group(1)
    written = load_network(write(tmp_path, documented))
    assert written == load_network(write(tmp_path, "network:\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("churn: {declining_ration: 0.5}", ["churn.declining_ration", "0.5", "declining_ratio"]),
        ("chrun: {}", ["chrun", "churn", "publish"]),
        ("churn: {evidence: 2}", ["churn.evidence", "2", "less than or equal to 1"]),
        ("network: {timezone: Mars/Olympus}", ["network.timezone", "Mars/Olympus", "IANA"]),
        ("network: {currency: dollars}", ["network.currency", "dollars", "[A-Z]{3}"]),
        ("as_of_date: soon", ["as_of_date", "soon", "latest"]),
        ("destinations: [{name: drop, type: pigeon}]", ["destinations.0.type", "pigeon", "file"]),
        ("destinations: [{name: drop, type: file, token: x}]", ["destinations.0.token", "name, type"]),
        (
            "destinations: [{name: drop, type: file}, {name: b, type: file}, {name: drop, type: file}]",
            ["destinations", "drop stands twice"],
        ),
        ("consent: {jurisdiction: FR}", ["consent.jurisdiction", "FR", "US"]),
        ("rfm: {method: cutoffs, frequency: [2, 3, 5, 9]}", ["rfm", "missing: recency_days, monetary"]),
        ("rfm: {frequency: [2, 3, 5, 9]}", ["rfm", "only with method: cutoffs"]),
        ("rfm: {method: cutoffs, frequency: [2, 5, 3, 9]}", ["rfm.frequency", "each greater than the one before"]),
        ("churn: {declining_ratio: 0.3, critical_ratio: 0.4}", ["critical_ratio (0.4)", "declining_ratio (0.3)"]),
        ("churn: {lapse_warn_quantile: 0.98, lapse_quantile: 0.9}", ["lapse_warn_quantile (0.98)"]),
        (
            "identity: {auto_merge_probability: 0.7, review_probability: 0.9}",
            ["identity", "review_probability (0.9) no greater than auto_merge_probability (0.7)"],
        ),
        ("churn: {min_visits: yes}", ["churn.min_visits", "True", "a number"]),
        ("value: {margin: on}", ["value.margin", "True", "a number"]),
        ("costs: {email: .inf}", ["costs.email", "inf", "finite"]),
        ("contact: {caps_per_28_days: {champion: 2}}", ["caps_per_28_days.champion", "2", "champions, default"]),
        ("publish: {ready_by: noon}", ["publish.ready_by", "noon", "a time of day such as 06:30"]),
        ("publish: {ready_by: 24:00}", ["publish.ready_by", "'24:00'", "a time of day such as 06:30"]),
        ("- a list", ["a mapping of keys is expected"]),
        ("network: [", ["network.yaml: not readable as YAML: line 2: did not find"]),
        ("churn: {evidence: 0.1}\nrfm:\nchurn:\n", ["network.yaml", "line 3: `churn` stands here and on line 1"]),
        ("as_of_date: 2026-13-01", ["network.yaml", "not readable as YAML", "month"]),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(NetworkError) as error:
        load_network(write(tmp_path, text))
    assert all(part in str(error.value) for part in told), str(error.value)


@pytest.mark.parametrize("written", ["6:30", "06:30", '"6:30"', "'06:30'"])
def test_a_time_of_day_may_stand_without_quotes(tmp_path: Path, written: str) -> None:
    assert load_network(write(tmp_path, f"publish: {{ready_by: {written}}}")).publish.ready_by == "06:30"


def test_a_threshold_written_alone_contradicts_nothing(tmp_path: Path) -> None:
    network = load_network(write(tmp_path, "identity: {auto_merge_probability: 0.7}\nchurn: {declining_ratio: 0.3}"))
    assert (network.identity.auto_merge_probability, network.churn.declining_ratio) == (0.7, 0.3)


def test_a_cap_for_one_segment_leaves_the_others_their_default(tmp_path: Path) -> None:
    network = load_network(write(tmp_path, "contact: {caps_per_28_days: {champions: 10, loyal: 5}}"))
    assert network.contact.caps_per_28_days == {
        "champions": 10,
        "loyal": 5,
        "default": 4,
        "at_risk": 2,
        "hibernating": 1,
    }


def test_segments_of_a_networks_own_map_may_have_a_cap(tmp_path: Path) -> None:
    cells = [f"{r},{f},stars,1" for r in range(1, 6) for f in range(1, 6)]
    (tmp_path / "rfm_segments.csv").write_text("\n".join(["r_score,f_score,rfm_segment,segment_rank", *cells]))
    network = load_network(write(tmp_path, "contact: {caps_per_28_days: {stars: 6}}"))
    assert network.contact.caps_per_28_days["stars"] == 6
    with pytest.raises(NetworkError, match=r"contact\.caps_per_28_days\.loyal"):
        load_network(write(tmp_path, "contact: {caps_per_28_days: {loyal: 6}}"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("network:", []),
        (
            "network: {country: DK}",
            ["network.currency is USD", "network.timezone is America/New_York", "consent.jurisdiction is US"],
        ),
        ("network: {country: DK, currency: DKK, timezone: Europe/Copenhagen}", ["consent.jurisdiction is US"]),
        ("network: {country: PR, currency: USD, timezone: America/Puerto_Rico}\nconsent: {jurisdiction: US}", []),
    ],
)
def test_american_defaults_are_told_elsewhere_until_they_are_written(tmp_path: Path, text: str, left: list) -> None:
    assert load_network(write(tmp_path, text)).left_american == left


def test_cutoffs_reach_the_parameters_one_by_one(tmp_path: Path) -> None:
    lists = "recency_days: [30, 60, 120, 240], frequency: [2, 3, 5, 10], monetary: [20, 50, 200, 500.5]"
    thresholds = load_network(write(tmp_path, f"rfm: {{method: cutoffs, {lists}}}")).thresholds()
    assert [thresholds[f"rfm_monetary_{n}"] for n in range(1, 5)] == [20, 50, 200, 500.5]
    assert load_network(write(tmp_path, "network:\n")).thresholds()["rfm_recency_days_4"] is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no such file"):
        load_network(tmp_path / "network.yaml")


def test_the_key_is_generated_once_and_closed_to_others(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("REGULARS_KEY", raising=False)
    network = load_network(write(tmp_path, "network:\n"))
    key = hash_key(network)
    assert hash_key(network) == key
    assert stat.S_IMODE((network.home.state / "key").stat().st_mode) == 0o600
    monkeypatch.setenv("REGULARS_KEY", "given")
    assert hash_key(network) == b"given"


@pytest.mark.parametrize(
    ("destination", "allowed"),
    [
        ("{name: a, type: webhook, key_env: K, url: 'https://u:hunter2@x.example/in'}", "a url without a password"),
        ("{name: a, type: webhook, key_env: K, url: 'https://hunter2@x.example/in'}", "a url without a password"),
        ("{name: a, type: webhook, key_env: K, url: 'https://x.example/in?api_key=hunter2'}", r"without \? and #"),
        ("{name: a, type: webhook, key_env: K, url: 'https://x.example/in#hunter2'}", r"without \? and #"),
        ("{name: a, type: s3, key_env: K, url: 's3://x/y?secret=hunter2'}", r"without \? and #"),
        ("{name: a, type: klaviyo, api_key: hunter2, key_env: K, lists: {a: b}}", "allowed here: name, type, url"),
        ("'webhook:https://x.example/in?api_key=hunter2'", "valid dictionary"),
    ],
)
def test_a_secret_in_network_yaml_is_refused_and_not_repeated(tmp_path, destination, allowed):
    (tmp_path / "network.yaml").write_text(f"destinations:\n  - {destination}\n")
    with pytest.raises(NetworkError, match=allowed) as refused:
        load_network(tmp_path / "network.yaml")
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in str(refused.value.__cause__ or "")


def test_a_password_in_the_landing_zones_url_is_refused_and_not_repeated(tmp_path):
    (tmp_path / "network.yaml").write_text("paths: {landing: 'sftp://till:hunter2@files.example/out'}\n")
    with pytest.raises(NetworkError, match="REGULARS_SFTP_PASSWORD") as refused:
        load_network(tmp_path / "network.yaml")
    assert "hunter2" not in str(refused.value)
