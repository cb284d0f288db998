"""Whole sets for machines, over OpenSSH's and asyncssh's SFTP with host keys checked, and S3."""

import asyncio
import json

import asyncssh
import duckdb
import pytest

from dagster_project.errors import NetworkError, PublishError
from dagster_project.publish import publish
from dagster_project.publish.destinations import store
from dagster_project.seal import file_sha256
from tests.integration.publish.conftest import network_of
from tests.integration.publish.test_contact_caps import marked
from tests.integration.servers import AsyncSshDrop

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


class Deaf(asyncssh.SFTPServer):
    """Lets a file be opened, and never answers when it is written."""

    async def write(self, file_obj, offset, data):
        await asyncio.sleep(3600)


def test_a_store_that_hangs_is_given_up_and_the_night_ends(night, sealed, monkeypatch):
    monkeypatch.setattr(AsyncSshDrop, "handler", Deaf)
    drop = AsyncSshDrop()
    monkeypatch.setenv("REGULARS_SFTP_KEY", str(drop.keys / "id"))
    monkeypatch.setenv("REGULARS_KNOWN_HOSTS", str(drop.keys / "known_hosts"))
    monkeypatch.setattr(store, "PATIENCE", 1.0)
    network = network_of(night, {"name": "drop", "type": "sftp", "url": drop.url("out")})
    sealed("r1")
    with pytest.raises(PublishError, match=r"r1 is published, but drop: .* cannot be written \(\w*Timeout\w*\)"):
        publish(night.home, network, night.project)
    assert night.home.published_run() == "r1"
    monkeypatch.setattr(Deaf, "write", asyncssh.SFTPServer.write)
    assert [(d.destination, d.rows_sent) for d in publish(night.home, network, night.project).deliveries] == [
        ("drop", 4)
    ]
    drop.stop()


def test_a_set_that_another_finished_meanwhile_is_not_written_over(night, sealed, s3_endpoint, monkeypatch):
    import s3fs

    system = s3fs.S3FileSystem(endpoint_url=s3_endpoint)
    system.mkdir("raced")
    network = network_of(night, {"name": "lake", "type": "s3", "url": "s3://raced/audiences"})
    sealed("r1")
    real = store._put

    def put(at, kind, source, target):
        if source.name == "manifest.json":
            system.pipe_file("raced/audiences/lake/r1/manifest.json", b"another's")
        real(at, kind, source, target)

    monkeypatch.setattr(store, "_put", put)
    with pytest.raises(PublishError, match="cannot be written"):
        publish(night.home, network, night.project)
    assert system.cat_file("raced/audiences/lake/r1/manifest.json") == b"another's"


def test_a_set_in_s3_is_never_overwritten(night, sealed, s3_endpoint):
    import s3fs

    system = s3fs.S3FileSystem(endpoint_url=s3_endpoint)
    system.mkdir("crm")
    network = network_of(night, {"name": "lake", "type": "s3", "url": "s3://crm/audiences"})
    sealed("r1")
    publish(night.home, network, night.project)
    found = {path.rpartition("/")[2] for path in system.ls("crm/audiences/lake/r1", refresh=True)}
    assert {"email_profiles.csv", "email_profiles.parquet", "manifest.json"} <= found

    system.pipe_file("crm/audiences/lake/r2/manifest.json", b'{"files": {}}')
    sealed("r2", customers=5)
    with pytest.raises(PublishError, match="lies there already with other content, and is never overwritten"):
        publish(night.home, network, night.project)


HOMES = """alter table people.sync.sync_email_profiles add column home_location_id varchar;
update people.sync.sync_email_profiles
    set home_location_id = case when customer_id <= 'c002' then 'shop_1' else 'shop_2' end;"""


def test_each_location_writes_with_an_access_key_of_its_own(night, sealed, s3_endpoint, monkeypatch):
    import s3fs
    from aiobotocore.client import AioBaseClient

    s3fs.S3FileSystem(endpoint_url=s3_endpoint).mkdir("shops")
    marked(night, "home_location_id")
    used = set()
    call = AioBaseClient._make_api_call

    async def seen(self, operation, arguments):
        used.add(
            (self._request_signer._credentials.access_key, str(arguments.get("Key", "")).split("/")[0])
        ) if operation == "PutObject" else None
        return await call(self, operation, arguments)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", seen)
    shops = []
    for shop in ("shop_1", "shop_2"):
        monkeypatch.setenv(f"KEY_OF_{shop.upper()}", f"id_of_{shop}:secret_of_{shop}")
        shops.append(
            {
                "name": f"lake_{shop}",
                "type": "s3",
                "url": f"s3://shops/{shop}",
                "location": shop,
                "key_env": f"KEY_OF_{shop.upper()}",
            }
        )
    network = network_of(night, *shops)
    sealed("r1", people=HOMES)
    result = publish(night.home, network, night.project)
    assert [delivery.rows_sent for delivery in result.deliveries] == [2, 2]
    assert used == {("id_of_shop_1", "shop_1"), ("id_of_shop_2", "shop_2")}


@pytest.mark.parametrize("given", ["no_colon_in_hunter2", ":hunter2", "a:hunter2:c:d"])
def test_an_access_key_that_is_none_is_named_before_anything_and_not_repeated(night, sealed, monkeypatch, given):
    monkeypatch.setenv("LAKE_KEY", given)
    lake = {"name": "lake", "type": "s3", "url": "s3://raced/audiences", "key_env": "LAKE_KEY"}
    sealed("r1")
    with pytest.raises(NetworkError, match="LAKE_KEY is not an S3 access key") as refused:
        publish(night.home, network_of(night, lake), night.project)
    assert "hunter2" not in str(refused.value)
    assert night.home.published_run() is None


def test_a_set_is_guarded_as_a_list_is(night, sealed, s3_endpoint):
    import s3fs

    s3fs.S3FileSystem(endpoint_url=s3_endpoint).mkdir("guarded")
    network = network_of(night, {"name": "lake", "type": "s3", "url": "s3://guarded/audiences"})
    sealed("r1", customers=100)
    publish(night.home, network, night.project)
    sealed("r2", customers=94)
    with pytest.raises(PublishError, match=r"6 of 100 profiles would be removed"):
        publish(night.home, network, night.project)
