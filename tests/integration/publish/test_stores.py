"""Whole sets for machines, over OpenSSH's and asyncssh's SFTP with host keys checked, and S3."""

import json

import asyncssh
import duckdb
import pytest

from dagster_project.errors import PublishError
from dagster_project.publish import publish
from dagster_project.seal import file_sha256
from tests.integration.publish.conftest import network_of

PHONE = """update people.sync.sync_email_profiles set favourite = '+15551234567', first_name = '=Ada'
           where customer_id = 'c001';"""


def test_a_set_arrives_whole_and_is_not_sent_twice(night, sealed, sftp_drop):
    network = network_of(night, {"name": "drop", "type": "sftp", "url": sftp_drop.url("out")})
    (sftp_drop.folder / "out").mkdir(mode=0o777)
    (sftp_drop.folder / "out").chmod(0o777)
    sealed("r1", people=PHONE)
    result = publish(night.home, network, night.project)

    folder = sftp_drop.folder / "out" / "drop" / "r1"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rows"] == 4
    assert manifest["files"] == {name: file_sha256(folder / name) for name in manifest["files"]}
    assert sorted(path.name for path in folder.iterdir()) == sorted([*manifest["files"], "manifest.json"])
    # Machines get values as they are: neither the plus of a phone nor the sign of a formula is touched.
    with duckdb.connect() as connection:
        row = connection.execute(
            "select first_name, favourite from read_csv(?, all_varchar = true) where customer_id = 'c001'",
            [str(folder / "email_profiles.csv")],
        ).fetchone()
    assert row == ("=Ada", "+15551234567")
    assert [(d.destination, d.rows_sent) for d in result.deliveries] == [("drop", 4)]

    sealed("r2", people=PHONE)
    assert publish(night.home, network, night.project).deliveries[0].rows_sent == 0
    assert [path.name for path in folder.parent.iterdir()] == ["r1"]


def test_a_host_whose_key_is_another_gets_nothing(night, sealed, sftp_drop):
    (sftp_drop.folder / "out").mkdir()
    sftp_drop.trust(asyncssh.generate_private_key("ssh-ed25519"))
    sealed("r1")
    network = network_of(night, {"name": "drop", "type": "sftp", "url": sftp_drop.url("out")})
    with pytest.raises(PublishError, match=r"drop: destination drop: cannot be written .*known_hosts"):
        publish(night.home, network, night.project)
    assert list((sftp_drop.folder / "out").iterdir()) == []


def test_a_set_in_s3_is_never_overwritten(night, sealed, s3_endpoint):
    import s3fs

    store = s3fs.S3FileSystem(endpoint_url=s3_endpoint)
    store.mkdir("crm")
    network = network_of(night, {"name": "lake", "type": "s3", "url": "s3://crm/audiences"})
    sealed("r1")
    publish(night.home, network, night.project)
    found = {path.rpartition("/")[2] for path in store.ls("crm/audiences/lake/r1", refresh=True)}
    assert {"email_profiles.csv", "email_profiles.parquet", "manifest.json"} <= found

    store.pipe_file("crm/audiences/lake/r2/manifest.json", b'{"files": {}}')
    sealed("r2", customers=5)
    with pytest.raises(PublishError, match="lies there already with other content, and is never overwritten"):
        publish(night.home, network, night.project)


def test_a_set_is_guarded_as_a_list_is(night, sealed, s3_endpoint):
    import s3fs

    s3fs.S3FileSystem(endpoint_url=s3_endpoint).mkdir("guarded")
    network = network_of(night, {"name": "lake", "type": "s3", "url": "s3://guarded/audiences"})
    sealed("r1", customers=100)
    publish(night.home, network, night.project)
    sealed("r2", customers=94)
    with pytest.raises(PublishError, match=r"6 of 100 profiles would be removed"):
        publish(night.home, network, night.project)
