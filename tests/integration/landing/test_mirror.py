"""Landing zones that lie elsewhere, behind real servers started here: an SSH server and an S3 one."""

import asyncio
import threading
from pathlib import Path

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer

from dagster_project.errors import RegularsError
from dagster_project.extract.mirror import bring_in
from dagster_project.extract.nightly import extract_night
from dagster_project.network import Network, load_network

LINES = "order_id,line_id,ordered_at,quantity,net_amount\no1,1,2026-10-05T08:00:00,1,4\n"


def network_with(folder: Path, url: str) -> Network:
    (folder / "network.yaml").write_text(f"paths: {{landing: '{url}'}}\n")
    return load_network(folder / "network.yaml")


class SftpDrop:
    """An SFTP server on loopback that serves one folder to one user with one key."""

    def __init__(self, folder: Path, keys: Path):
        self.folder, self.keys = folder, keys
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key.write_private_key(str(keys / "id"))
        (keys / "authorized").write_bytes(self.user_key.export_public_key())
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        assert self._ready.wait(10)
        self.trust(self.host_key)

    def trust(self, key: asyncssh.SSHKey) -> None:
        public = key.export_public_key().decode().strip()
        (self.keys / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}\n")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_forever()

    async def _serve(self) -> None:
        def jail(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
            return asyncssh.SFTPServer(channel, chroot=str(self.folder).encode())

        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            authorized_client_keys=str(self.keys / "authorized"),
            sftp_factory=jail,
        )
        self.port = server.get_port()
        self._ready.set()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


@pytest.fixture
def drop(tmp_path: Path, monkeypatch):
    served, keys = tmp_path / "served", tmp_path / "keys"
    served.mkdir()
    keys.mkdir()
    server = SftpDrop(served, keys)
    monkeypatch.setenv("REGULARS_SFTP_KEY", str(keys / "id"))
    monkeypatch.setenv("REGULARS_KNOWN_HOSTS", str(keys / "known_hosts"))
    yield server
    server.stop()


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_an_sftp_drop_is_mirrored_and_lands(drop: SftpDrop, tmp_path: Path) -> None:
    network = network_with(tmp_path, f"sftp://till@127.0.0.1:{drop.port}/exports")
    put(drop.folder, "exports/shop_1/2026/monday.csv", LINES)
    tuesday = put(drop.folder, "exports/shop_1/2026/tuesday.csv", LINES.replace("o1", "o2"))
    landed = extract_night(network)
    assert [e.path for e in landed.entries if e.is_current] == ["shop_1/2026/monday.csv", "shop_1/2026/tuesday.csv"]
    assert bring_in(network) == 0
    tuesday.write_text(LINES.replace("o1", "o3") + "o4,1,2026-10-05T09:00:00,1,5\n")
    assert bring_in(network) == 1
    tuesday.unlink()
    bring_in(network)
    assert [p.name for p in sorted(network.landing.rglob("*.csv"))] == ["monday.csv"]


def test_a_host_with_another_key_is_not_talked_to(drop: SftpDrop, tmp_path: Path) -> None:
    network = network_with(tmp_path, f"sftp://till@127.0.0.1:{drop.port}/exports")
    put(drop.folder, "exports/shop_1/monday.csv", LINES)
    drop.trust(asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(RegularsError, match="cannot be read"):
        bring_in(network)
    assert not list(network.landing.rglob("*.csv"))


def test_a_bucket_is_mirrored_and_lands(tmp_path: Path, monkeypatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.client("s3", endpoint_url=endpoint)
    bucket.create_bucket(Bucket="exports")
    bucket.put_object(Bucket="exports", Key="nightly/shop_1/monday.csv", Body=LINES.encode())
    network = network_with(tmp_path, "s3://exports/nightly")
    landed = extract_night(network)
    assert [(e.path, e.rows_landed) for e in landed.entries] == [("shop_1/monday.csv", 1)]
    assert bring_in(network) == 0
    server.stop()
