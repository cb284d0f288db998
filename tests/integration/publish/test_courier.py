"""What a courier does with the answers a server gives: waits, asks again, stops, and keeps its credential to itself."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
import stamina
from pyrate_limiter import Duration

from dagster_project.outbound import Destination
from dagster_project.publish.courier import BatchRefused, Courier, DestinationStopped, NotThere, Pace
from dagster_project.publish.destinations import TOOLS, brevo, klaviyo, mailchimp, webhook

PACE = Pace(attempts=3, wait_initial=0.01, wait_max=0.02, rates=())
Answer = tuple[int, dict[str, str], bytes]


class Server:
    """Gives the answers it was told, in turn and the last one for good; keeps what it was asked."""

    def __init__(self, *answers: Answer):
        self.asked: list[tuple[str, str | None]] = []
        left = list(answers)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                server.asked.append((self.path, self.headers.get("x-key")))
                status, headers, body = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.write(body)

            def write(self, body: bytes):
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    if len(body) > 100:
                        time.sleep(0.01)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def serving() -> Iterator[Callable[..., Server]]:
    servers = []

    def start(*answers: Answer) -> Server:
        servers.append(Server(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def courier_to(server: Server, pace: Pace = PACE) -> Courier:
    return Courier("mail", server.url, {"x-key": "secret"}, (), pace)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_may_pass_is_asked_again(serving, status):
    server = serving((status, {}, b""), (200, {}, b"{}"))
    assert courier_to(server).call("GET", "/a").status_code == 200
    assert len(server.asked) == 2


@pytest.mark.parametrize(("status", "error"), [(401, DestinationStopped), (404, NotThere), (422, BatchRefused)])
def test_what_will_not_pass_is_not_asked_again(serving, status, error):
    server = serving((status, {}, b""))
    with pytest.raises(error):
        courier_to(server).call("GET", "/a")
    assert len(server.asked) == 1


class Heard(Exception):
    """What was to be waited is known; nobody waits for it."""


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_tool_is_left_alone_for_as_long_as_it_asks(serving, status, form):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    server = serving((status, {"Retry-After": "300" if form == "seconds" else later}, b""))
    courier = courier_to(server)
    waits = []

    def hear(details):
        waits.append(details.wait_for)
        raise Heard

    stamina.instrumentation.set_on_retry_hooks([hear])
    with pytest.raises(Heard):
        courier.call("GET", "/a")
    stamina.instrumentation.set_on_retry_hooks([])
    assert 200 < waits[0] <= 300


def test_a_tool_that_asks_for_longer_than_a_night_has_is_left_for_the_next(serving):
    server = serving((429, {"Retry-After": "901"}, b""))
    with pytest.raises(DestinationStopped, match="HTTP 429"):
        courier_to(server).call("GET", "/a")
    assert len(server.asked) == 1


def test_an_answer_that_never_ends_is_given_up(serving):
    server = serving((200, {}, b"x" * 10_000))
    with pytest.raises(DestinationStopped, match="ReadTimeout"):
        courier_to(server, Pace(attempts=2, wait_initial=0.01, wait_max=0.01, whole=0.2, rates=())).call("GET", "/a")
    assert len(server.asked) == 2


def test_every_request_has_time_outs(serving):
    courier = courier_to(serving((200, {}, b"{}")), Pace())
    for client in (courier._client, courier._stranger):
        assert client.timeout == httpx.Timeout(60.0, connect=10.0)


def test_a_redirect_takes_no_credential_elsewhere(serving):
    elsewhere = serving((200, {}, b"{}"))
    server = serving((302, {"Location": f"{elsewhere.url}/a"}, b""))
    courier = courier_to(server)
    with pytest.raises(DestinationStopped, match="HTTP 302"):
        courier.call("GET", "/a")
    with pytest.raises(DestinationStopped, match="HTTP 302"):
        courier.fetch(f"{server.url}/a")
    assert elsewhere.asked == []


def test_results_left_elsewhere_are_fetched_as_a_stranger_and_asked_for_again(serving):
    elsewhere = serving((503, {}, b""), (200, {}, b"results"))
    assert courier_to(serving((200, {}, b""))).fetch(f"{elsewhere.url}/r?sig=1") == b"results"
    assert elsewhere.asked == [("/r?sig=1", None)] * 2
    with pytest.raises(DestinationStopped, match="cannot be fetched"):
        courier_to(serving((200, {}, b""))).fetch(f"{serving((400, {}, b'')).url}/r")


def test_every_attempt_asks_the_tools_rates_first(serving):
    courier = courier_to(serving((503, {}, b""), (200, {}, b"{}")))
    asked = []
    courier._limiter = type("Limiter", (), {"try_acquire": lambda self, name: asked.append(name)})()
    courier.call("GET", "/a")
    assert asked == ["mail", "mail"]


def test_rates_and_sizes_are_those_the_vendors_write():
    second, minute = int(Duration.SECOND), int(Duration.MINUTE)
    per = {kind: [(rate.limit, rate.interval) for rate in kind.RATES] for kind in (klaviyo, mailchimp, brevo, webhook)}
    assert per == {
        klaviyo: [(10, second), (150, minute)],
        mailchimp: [(10, second)],
        brevo: [(10, second)],
        webhook: [(10, second)],
    }
    assert mailchimp.LIMITS.records == 500


@pytest.mark.parametrize("kind", sorted(TOOLS))
def test_every_tool_goes_at_its_own_rates(kind):
    destination = Destination(name="a", type=kind, key_env="K", url="http://127.0.0.1:1", lists={"email_profiles": "1"})
    tool = TOOLS[kind](destination, "secret", Pace())
    assert tool._courier._limiter is not None
    tool.close()
