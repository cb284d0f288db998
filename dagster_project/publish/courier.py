"""One tool's HTTP: explicit time-outs, the tool's own rates, retries that honour Retry-After, and errors that
never repeat what a vendor wrote, because vendors' error texts echo addresses.

What a caller sees: a response below 400, BatchRefused (400, 413, 422: the batch holds a bad record), or
DestinationStopped (401, 403 and every other refusal at once; 408, 429, 5xx and time-outs after the last attempt).
"""

import logging
import re
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import stamina
from pyrate_limiter import Limiter, Rate

from dagster_project.errors import PublishError

_BAD_RECORD = (400, 413, 422)
_LATER = (408, 425, 429)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,47}")


class DestinationStopped(PublishError):
    """A destination takes nothing more tonight; what it has not acknowledged waits for the next run."""


class NotThere(DestinationStopped):
    """The tool does not know what was asked about (404)."""


class BatchRefused(Exception):
    """The tool refused a whole batch for a record in it; code is the tool's or HTTP's, never its text."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


@contextmanager
def answers_understood(name: str) -> Iterator[None]:
    """An answer of another form than the tool's interface promises stops that destination alone, whatever it breaks.

    What it said is not repeated, only where it could not be read.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "dagster_project" in frame.filename] or frames
        where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        raise DestinationStopped(
            f"destination {name}: an answer is not what the tool's interface promises ({type(error).__name__} at "
            f"{where}); check its url and publish again later"
        ) from None


class _Again(Exception):
    """Worth another attempt; wait is what the tool asked for, in seconds, or None."""

    def __init__(self, what: str, wait: float | None = None):
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class Pace:
    """How patient deliveries are; all in seconds but attempts. rates: None for the tool's own.

    `read` bounds the silence between two pieces of an answer, `whole` the answer, however it dribbles.
    """

    attempts: int = 8
    wait_initial: float = 1.0
    wait_max: float = 60.0
    longest_wait: float = 900.0
    connect: float = 10.0
    read: float = 60.0
    whole: float = 600.0
    poll: float = 5.0
    job: float = 3600.0
    rates: tuple[Rate, ...] | None = None


class Courier:
    """Calls one tool. `headers` carry the credential and go to `base_url` alone: redirects are not followed."""

    def __init__(
        self,
        name: str,
        base_url: str,
        headers: dict[str, str],
        rates: tuple[Rate, ...],
        pace: Pace,
        is_throttle: Callable[[httpx.Response], bool] = lambda response: False,
    ):
        self.name, self.pace, self._is_throttle = name, pace, is_throttle
        self.requests = 0
        chosen = rates if pace.rates is None else pace.rates
        self._limiter = Limiter(list(chosen)) if chosen else None
        # httpx tells every URL at level INFO, and a URL may name a person; stamina would print each retry.
        stamina.instrumentation.set_on_retry_hooks([])
        for logger in ("httpx", "httpcore"):
            logging.getLogger(logger).setLevel(logging.WARNING)
        timeout = httpx.Timeout(pace.read, connect=pace.connect)
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=timeout, follow_redirects=False)
        self._stranger = httpx.Client(timeout=timeout, follow_redirects=False)

    def close(self) -> None:
        self._client.close()
        self._stranger.close()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request, repeated while that helps; `request` as for httpx (json, content, params, headers)."""
        return self._repeated(self._client, method, path, request)

    def fetch(self, url: str) -> bytes:
        """A result that the tool left elsewhere, asked for as a stranger: the credential stays here."""
        try:
            return self._repeated(self._stranger, "GET", url, {}).content
        except BatchRefused as refused:
            raise DestinationStopped(
                f"destination {self.name}: its results cannot be fetched ({refused.code}); publish again later"
            ) from None

    def _repeated(self, client: httpx.Client, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        try:
            for attempt in stamina.retry_context(
                on=self._backoff,
                attempts=self.pace.attempts,
                timeout=None,
                wait_initial=self.pace.wait_initial,
                wait_max=self.pace.wait_max,
                wait_jitter=self.pace.wait_initial,
            ):
                with attempt:
                    return self._once(client, method, path, request)
        except _Again as last:
            raise DestinationStopped(
                f"destination {self.name}: {last} after {self.pace.attempts} attempts; "
                "what was not acknowledged waits, publish again later"
            ) from None
        raise AssertionError("a retry context ends with a result or an error")

    def _once(self, client: httpx.Client, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        if self._limiter is not None:
            self._limiter.try_acquire(self.name)
        self.requests += 1
        try:
            with client.stream(method, path, **request) as answer:
                response = _read(answer, self.pace.whole)
        except httpx.HTTPError as error:
            raise _Again(f"no answer ({type(error).__name__})") from None
        status = response.status_code
        if status in _LATER or status >= 500 or self._is_throttle(response):
            raise _Again(f"HTTP {status}", retry_after(response.headers.get("retry-after")))
        if status in _BAD_RECORD:
            raise BatchRefused(error_code(response))
        if status >= 300:
            what = "check its credential" if status in (401, 403) else "check its url and lists"
            kind = NotThere if status == 404 else DestinationStopped
            raise kind(f"destination {self.name}: refused with HTTP {status}; {what} and publish again")
        return response

    def _backoff(self, error: Exception) -> bool | float:
        if not isinstance(error, _Again):
            return False
        if error.wait is None:
            return True
        return error.wait if error.wait <= self.pace.longest_wait else False


def _read(answer: httpx.Response, seconds: float) -> httpx.Response:
    """The answer with its content, which must be there within `seconds`."""
    last = time.monotonic() + seconds
    pieces = []
    for piece in answer.iter_bytes():
        pieces.append(piece)
        if time.monotonic() > last:
            raise httpx.ReadTimeout("the answer does not end")
    headers = [(name, value) for name, value in answer.headers.multi_items() if name != "content-encoding"]
    return httpx.Response(answer.status_code, headers=headers, content=b"".join(pieces))


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, from either form of Retry-After (RFC 9110, 10.2.3); None when there is none to understand."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def error_code(response: httpx.Response) -> str:
    """The tool's code for a refusal when it reads as one, else HTTP's."""
    fallback = f"http_{response.status_code}"
    try:
        told = response.json()
    except ValueError:
        return fallback
    if isinstance(told, dict):
        first = (told.get("errors") or [None])[0] if isinstance(told.get("errors"), list) else None
        code = (first if isinstance(first, dict) else told).get("code")
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
    return fallback


def safe_code(code: object, fallback: str) -> str:
    """A code as a tool gave it, when it reads as one."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else fallback


def wait(seconds: float) -> None:
    time.sleep(seconds)
