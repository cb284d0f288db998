"""Landing zones that lie elsewhere, behind real servers started here: SSH servers and an S3 one."""

from pathlib import Path

import asyncssh
import boto3
import pytest

from dagster_project.errors import RegularsError
from dagster_project.extract.mirror import bring_in
from dagster_project.extract.nightly import extract_night
from dagster_project.network import Network, load_network

LINES = "order_id,line_id,ordered_at,quantity,net_amount\no1,1,2026-10-05T08:00:00,1,4\n"


def network_with(folder: Path, url: str) -> Network:
    (folder / "network.yaml").write_text(f"paths: {{landing: '{url}'}}\n")
    return load_network(folder / "network.yaml")


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_an_sftp_drop_is_mirrored_and_lands(sftp_drop, tmp_path: Path) -> None:
    network = network_with(tmp_path, sftp_drop.url("exports"))
    put(sftp_drop.folder, "exports/shop_1/2026/monday.csv", LINES)
    tuesday = put(sftp_drop.folder, "exports/shop_1/2026/tuesday.csv", LINES.replace("o1", "o2"))
    landed = extract_night(network)
    assert [e.path for e in landed.entries if e.is_current] == ["shop_1/2026/monday.csv", "shop_1/2026/tuesday.csv"]
    assert bring_in(network) == 0
    tuesday.write_text(LINES.replace("o1", "o3") + "o4,1,2026-10-05T09:00:00,1,5\n")
    assert bring_in(network) == 1
    tuesday.unlink()
    bring_in(network)
    assert [p.name for p in sorted(network.landing.rglob("*.csv"))] == ["monday.csv"]


def test_a_host_with_another_key_is_not_talked_to(sftp_drop, tmp_path: Path) -> None:
    network = network_with(tmp_path, sftp_drop.url("exports"))
    put(sftp_drop.folder, "exports/shop_1/monday.csv", LINES)
    sftp_drop.trust(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(RegularsError, match="cannot be read"):
        bring_in(network)
    assert not list(network.landing.rglob("*.csv"))


def test_a_bucket_is_mirrored_and_lands(s3_endpoint: str, tmp_path: Path) -> None:
    bucket = boto3.client("s3", endpoint_url=s3_endpoint)
    bucket.create_bucket(Bucket="exports")
    bucket.put_object(Bucket="exports", Key="nightly/shop_1/monday.csv", Body=LINES.encode())
    network = network_with(tmp_path, "s3://exports/nightly")
    landed = extract_night(network)
    assert [(e.path, e.rows_landed) for e in landed.entries] == [("shop_1/monday.csv", 1)]
    assert bring_in(network) == 0
