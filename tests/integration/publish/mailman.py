"""Mailman 3 as a destination over the shared engine, and a Mailman of its own to try it on.

Mailman keeps addresses and who is on which list, no attributes. Whoever leaves a list stays known as an address: an
address that is on the list of everybody no more, and that we have not removed with its user, has left by itself.
"""

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from dagster_project.outbound import EVERYONE, Destination
from dagster_project.publish.courier import BatchRefused, NotThere, Pace
from dagster_project.publish.destinations.over_http import OverHttp
from dagster_project.publish.tool import Engagement, Limits, Receipt, Record, Suppression, Task

USER = "restadmin"
_PAGE = 100
# The person has said yes to us: only marketable customers ever leave. Without these Mailman would ask them again.
_AT_ONCE = {"pre_verified": True, "pre_confirmed": True, "pre_approved": True, "send_welcome_message": False}


class Mailman(OverHttp):
    in_flight = 1

    def __init__(self, destination: Destination, secret: str, pace: Pace):
        mark = base64.b64encode(f"{USER}:{secret}".encode()).decode()
        super().__init__(destination, pace, {"Authorization": f"Basic {mark}"}, ())

    def limits(self, task: Task) -> Limits:
        return Limits(records=100, bytes=1_000_000, record_bytes=10_000)

    def encode(self, task: Task, record: Record) -> str:
        return json.dumps({"subscriber": record.email, "display_name": record.attributes.get("first_name")})

    def submit(self, task: Task, records: list[Record], encoded: list[str]) -> Receipt:
        """One request a member, as Mailman has it; an upsert has nothing to tell."""
        rejected = {}
        for place, record in enumerate(records):
            try:
                if task.action == "add":
                    self._add(task.list_id, record)
                elif task.action == "remove":
                    self._remove(task, record)
            except BatchRefused as refused:
                rejected[place] = refused.code
        return Receipt(rejected)

    def poll(self, task: Task, job_id: str, records: list[Record]) -> Receipt | None:
        raise NotImplementedError("Mailman takes members at once")

    def preflight(self) -> None:
        for list_id in self._lists.values():
            self._courier.call("GET", f"/lists/{list_id}")

    def suppressions(self, since: str | None) -> Iterator[Suppression]:
        there = {member["email"] for member in self._pages(f"/lists/{self._lists[EVERYONE]}/roster/member")}
        known = (address["email"] for address in self._pages("/addresses"))
        return (Suppression(email, "unsubscribed", None) for email in known if email not in there)

    def engagement(self, since: str | None) -> Iterator[Engagement]:
        return iter(())

    def read_back(self, records: list[Record]) -> None:
        return None

    def erase(self, record: Record) -> None:
        self._courier.call("DELETE", f"/users/{record.email}")

    def _add(self, list_id: str, record: Record) -> None:
        try:
            self._courier.call("GET", f"/lists/{list_id}/member/{record.email}")
        except NotThere:
            self._courier.call("POST", "/members", data={"list_id": list_id, "subscriber": record.email} | _AT_ONCE)

    def _remove(self, task: Task, record: Record) -> None:
        path = f"/lists/{task.list_id}/member/{record.email}"
        try:
            self._courier.call("DELETE", f"/users/{record.email}" if task.audience == EVERYONE else path)
        except NotThere:
            return

    def _pages(self, path: str) -> Iterator[dict]:
        page = 1
        while True:
            answer = self._courier.call("GET", path, params={"count": _PAGE, "page": page}).json()
            entries = answer.get("entries") or []
            yield from entries
            if len(entries) < _PAGE:
                return
            page += 1


class RunningMailman:
    """Mailman's REST server with its own database in a folder, and two lists. program: its command `runner`."""

    def __init__(self, program: Path, folder: Path, password: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = folder / "mailman.cfg"
        config.write_text(
            f"[mailman]\nlayout: test\n[paths.test]\nvar_dir: {folder / 'var'}\n"
            "[mta]\nincoming: mailman.mta.null.NullMTA\n"
            f"[webservice]\nhostname: 127.0.0.1\nport: {port}\nadmin_user: {USER}\nadmin_pass: {password}\nworkers: 1\n"
        )
        self.url = f"http://127.0.0.1:{port}/3.1"
        self._client = httpx.Client(base_url=self.url, auth=(USER, password), timeout=30)
        command = [str(program), "-C", str(config), "--runner", "rest:0:1"]
        self._log = (folder / "log").open("w")
        self._server = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self._wait()
        self._client.post("/domains", data={"mail_host": "example.com"}).raise_for_status()
        for name in ("everyone", "champions"):
            self._client.post("/lists", data={"fqdn_listname": f"{name}@example.com"}).raise_for_status()

    def members(self, name: str) -> set[str]:
        entries = self._client.get(f"/lists/{name}.example.com/roster/member").json().get("entries", [])
        return {entry["email"] for entry in entries}

    def leave(self, name: str, email: str) -> None:
        """What happens when somebody leaves a list on its page."""
        self._client.delete(f"/lists/{name}.example.com/member/{email}").raise_for_status()

    def close(self) -> None:
        self._client.close()
        self._server.terminate()
        self._server.wait(timeout=30)
        self._log.close()

    def _wait(self) -> None:
        for _ in range(240):
            try:
                if self._client.get("/system/versions").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if self._server.poll() is not None:
                break
            time.sleep(0.5)
        raise RuntimeError(f"Mailman did not start; see {self._log.name}")
