"""Destinations: one module per kind of tool, registered here under the `type` network.yaml gives it.

A tool with an API is a class of publish/tool.py's shape over the shared engine; it has no say in what is sent.
A store of files (file, sftp, s3) takes whole sets, never overwritten.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dagster_project.network import Network, credential
from dagster_project.outbound import Destination
from dagster_project.publish.courier import Pace
from dagster_project.publish.destinations import store
from dagster_project.publish.destinations.brevo import Brevo
from dagster_project.publish.destinations.klaviyo import Klaviyo
from dagster_project.publish.destinations.mailchimp import Mailchimp
from dagster_project.publish.destinations.webhook import Webhook
from dagster_project.publish.tool import Tool

TOOLS: dict[str, Callable[[Destination, str, Pace], Tool]] = {
    "klaviyo": Klaviyo,
    "mailchimp": Mailchimp,
    "brevo": Brevo,
    "webhook": Webhook,
}
STORES = ("sftp", "s3")
FILES = ("file", *STORES)


@contextmanager
def opened_tools(network: Network, pace: Pace) -> Iterator[dict[str, Tool]]:
    """Destination name -> tool, each with its credential. Raises NetworkError when one, also a store's, is not set."""
    for destination in network.destinations:
        if destination.type in STORES:
            store.own_secret(destination)
    tools = {
        destination.name: TOOLS[destination.type](destination, credential(destination), pace)
        for destination in network.destinations
        if destination.type in TOOLS
    }
    try:
        yield tools
    finally:
        for tool in tools.values():
            tool.close()
