"""What tools with an API share: one courier with their credential, and the lists network.yaml names."""

from collections.abc import Callable

import httpx
from pyrate_limiter import Rate

from dagster_project.outbound import Destination
from dagster_project.publish.courier import Courier, Pace


class OverHttp:
    def __init__(
        self,
        destination: Destination,
        pace: Pace,
        headers: dict[str, str],
        rates: tuple[Rate, ...],
        url: str = "",
        is_throttle: Callable[[httpx.Response], bool] = lambda response: False,
    ):
        """url: where the tool is unless network.yaml says otherwise."""
        self._courier = Courier(destination.name, destination.url or url, headers, rates, pace, is_throttle)
        self._lists = destination.lists

    @property
    def requests(self) -> int:
        return self._courier.requests

    def close(self) -> None:
        self._courier.close()
