"""The server under a fake tool, and its faults: 429 with either Retry-After form, 5xx, hangs, answers lost after the
request was applied. They are drawn from the tool's seed. Everything that is sent is kept."""

import json
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.integration.publish.fake_tool import FakeTool


def handler_of(tool: "FakeTool") -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def _answer(self):
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            with tool.lock:
                fault = tool.chance.random() < tool.fault_share and tool.chance.choice(
                    ("seconds", "date", "500", "503", "hang", "lost")
                )
                if fault and fault != "lost":
                    return self._fail(fault, url.path)
                status, answer = self._route(url.path, query, raw)
                tool.requests.append((self.command, url.path, status))
                if tool.keep_bodies:
                    tool.bodies.append((self.command, url.path, raw.decode()))
            if fault == "lost":
                self.close_connection = True
                return None
            return self._send(status, answer)

        def _fail(self, fault: str, path: str):
            tool.requests.append((self.command, path, 0))
            if fault == "hang":
                tool.lock.release()
                try:
                    time.sleep(tool.hang_seconds)
                finally:
                    tool.lock.acquire()
                self.close_connection = True
                return
            if fault in ("500", "503"):
                self._send(int(fault), {"errors": [{"detail": "a person@example.com broke it"}]})
                return
            later = "0" if fault == "seconds" else formatdate(time.time(), usegmt=True)
            self._send(429, {"errors": []}, {"Retry-After": later})

        def _route(self, path: str, query: dict, raw: bytes) -> tuple[int, dict | bytes]:
            forced = tool.status_for.get(f"{self.command} {path}") or tool.status_for.get("*")
            if forced:
                return forced, {"errors": [{"code": "forced", "detail": "about somebody@example.com"}]}
            if path.startswith("/elsewhere/"):
                return tool.elsewhere(path, self.headers)
            refusal = tool.refusal(self.headers, raw)
            if refusal:
                return refusal, {"errors": [{"code": "not_authenticated"}]}
            body = json.loads(raw) if raw else {}
            return tool.endpoint((self.command, *path.strip("/").split("/")[1:]), query, body)

        def _send(self, status: int, answer: dict | bytes, headers: dict | None = None):
            content = answer if isinstance(answer, bytes) else b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = _answer

    return Handler
