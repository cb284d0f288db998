"""Real servers on loopback, started and stopped by tests: two SSH servers that serve SFTP, and an S3 one.

OpenSSH's sshd is the one that vendors run; where it is not installed it is taken out of Debian's package
without installing it, and where that fails too its tests are skipped and say so. asyncssh's server is always there.
"""

import asyncio
import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
from moto.server import ThreadedMotoServer

PACKAGES = ("openssh-server", "libwrap0")
# Started by root, sshd wants an account a test must not create: it runs as one of these instead.
SYSTEM_ACCOUNTS = ("games", "daemon", "bin")


class NoServer(Exception):
    """A server that cannot be had here, and why."""


class SftpDrop:
    """A folder behind SFTP on loopback, open to one `user` with one key.

    `root` is how the folder is called on the other side. `keys` holds `id` and `known_hosts`.
    """

    user, root, port = "till", "", 0

    def __init__(self) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="regulars-sftp-"))
        self._place.chmod(0o755)
        self.folder, self.keys = self._place / "served", self._place / "keys"
        self.folder.mkdir()
        self.keys.mkdir()
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        user_key = asyncssh.generate_private_key("ssh-ed25519")
        user_key.write_private_key(str(self.keys / "id"))
        (self.keys / "authorized").write_bytes(user_key.export_public_key())
        for key in ("id", "authorized"):
            (self.keys / key).chmod(0o600)
        self.start()
        self.trust(self.host_key)

    def url(self, path: str) -> str:
        return f"sftp://{self.user}@127.0.0.1:{self.port}{self.root}/{path}"

    def trust(self, key: asyncssh.SSHKey) -> None:
        """Write `known_hosts` as one that knows this key."""
        public = key.export_public_key().decode().strip()
        (self.keys / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}\n")

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        shutil.rmtree(self._place)


class AsyncSshDrop(SftpDrop):
    """asyncssh's own server, in a thread of this process; its root is the folder."""

    handler: type[asyncssh.SFTPServer] = asyncssh.SFTPServer

    def start(self) -> None:
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_forever()

    async def _serve(self) -> None:
        def jail(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
            return self.handler(channel, chroot=str(self.folder).encode())

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
        super().stop()


class OpenSshDrop(SftpDrop):
    """OpenSSH's sshd with its own SFTP. It serves the whole file system, as `user` may see it.

    Raises NoServer when there is no sshd or no account for it.
    """

    def __init__(self, unpacked: Path):
        self._needed = _find_sshd(unpacked)
        self.user = pwd.getpwuid(os.getuid()).pw_name if os.getuid() else _system_account()
        super().__init__()

    def start(self) -> None:
        self.root, self.port = str(self.folder), _free_port()
        self.host_key.write_private_key(str(self.keys / "host"))
        config = self.keys / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.keys / 'host'}\nPidFile none\n"
            f"AuthorizedKeysFile {self.keys / 'authorized'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "Subsystem sftp internal-sftp\nForceCommand internal-sftp\n"
        )
        (self.keys / "host").chmod(0o600)
        # Another account runs it: it lies where that one may enter.
        program = self._place / "openssh"
        program.mkdir()
        for path in self._needed:
            shutil.copy(path, program)
        account = pwd.getpwnam(self.user)
        for path in [self._place, *self._place.rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)
        is_root = os.getuid() == 0
        self._process = subprocess.Popen(
            [str(program / "sshd"), "-D", "-e", "-f", str(config)],
            env=os.environ | {"LD_LIBRARY_PATH": str(program)},
            stderr=(self.keys / "log").open("w"),
            **({"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if is_root else {}),
        )
        _await_port(self.port, self._process)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        super().stop()


@contextmanager
def s3_server() -> Iterator[str]:
    """moto's S3 on loopback: its endpoint."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def _find_sshd(unpacked: Path) -> list[Path]:
    """sshd, and a library it needs: the installed one, or Debian's package unpacked into a folder kept for it."""
    installed = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if installed:
        return [Path(installed)]
    sshd = unpacked / "root" / "usr" / "sbin" / "sshd"
    # Tests run side by side: one unpacks, the others wait for it.
    with (unpacked / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not sshd.is_file():
            try:
                _run(["apt-get", "download", *PACKAGES], unpacked)
                for package in sorted(unpacked.glob("*.deb")):
                    _run(["dpkg", "-x", str(package), str(unpacked / "root")], unpacked)
            except (OSError, subprocess.SubprocessError) as error:
                raise NoServer(f"no sshd installed, and none to download ({type(error).__name__})") from error
    return [sshd, next((unpacked / "root").rglob("libwrap.so.0"))]


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)


def _system_account() -> str:
    for name in SYSTEM_ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoServer(f"none of the accounts {', '.join(SYSTEM_ACCOUNTS)} for sshd")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_port(port: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NoServer("sshd did not start")
