"""Servers that several integration tests talk to."""

from collections.abc import Iterator

import pytest

from tests.integration.servers import AsyncSshDrop, NoServer, OpenSshDrop, SftpDrop, s3_server


@pytest.fixture(params=["asyncssh", "openssh"])
def sftp_drop(request, monkeypatch) -> Iterator[SftpDrop]:
    """A folder behind SFTP, and this process as somebody who may enter; once by asyncssh, once by OpenSSH's sshd."""
    try:
        drop = AsyncSshDrop() if request.param == "asyncssh" else OpenSshDrop(request.config.cache.mkdir("openssh"))
    except NoServer as reason:
        pytest.skip(str(reason))
    monkeypatch.setenv("REGULARS_SFTP_KEY", str(drop.keys / "id"))
    monkeypatch.setenv("REGULARS_KNOWN_HOSTS", str(drop.keys / "known_hosts"))
    yield drop
    drop.stop()


@pytest.fixture
def s3_endpoint(monkeypatch) -> Iterator[str]:
    """An S3 server, and this process as one of its users."""
    with s3_server() as endpoint:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
        }.items():
            monkeypatch.setenv(name, value)
        yield endpoint
