"""A contract to start from, for a header that none describes: columns matched by name and by what they hold.

A proposal is for a person to correct. It never lands anything by itself. The words it goes by stand in
sources/vocabulary.yaml.
"""

from collections.abc import Set
from dataclasses import dataclass

import yaml

from dagster_project.extract.propose_content import rules_from_content
from dagster_project.extract.propose_gaps import fill_gaps
from dagster_project.extract.propose_match import match
from dagster_project.extract.propose_words import Rule, headers_of
from dagster_project.feeds import Feed, load_feeds

# What a till or a tool exports, and what a franchisor keeps of its own, which lies in hq/.
TILL_FEEDS = ("order_lines", "orders", "payments", "customers")
LISTS = ("products", "locations")
# Of columns found: less is chance.
LEAST_FIT = 2
# Headers by which an export is told from others.
TELLING = 4
# Some buy before the list knows them.
MOST_LISTED = 0.5


@dataclass(frozen=True)
class Proposal:
    """`text` is YAML with comments; nothing of a cell stands in it but words of the vocabulary and the names of
    locations. `listed` are the ids of a list of the whole network's customers."""

    text: str
    listed: frozenset[str] = frozenset()


def propose_contract(
    cells: dict[str, list[str]],
    is_shared: bool = True,
    places: dict[str, str] | None = None,
    name: str = "my_pos",
    listed: Set[str] = frozenset(),
) -> Proposal:
    """A contract for a file with these headers and their first cells.

    `is_shared`: the file may hold several locations. In a location's own folder its rows are that location's,
    whatever the till calls it. `places`: the name of a location, in lower case -> its id. `listed`: the ids of the
    whole network's customers, as lists tell them.
    """
    feeds = [load_feeds()[feed] for feed in (*TILL_FEEDS, *(LISTS if is_shared else ()))]
    best = max((_Draft(feed, cells, is_shared) for feed in feeds), key=lambda draft: draft.fit)
    if best.fit < LEAST_FIT:
        return Proposal("# Nothing in it looks like receipts, customers, products or locations: see docs/sources.md.\n")
    feed, is_list = best.feed, is_shared and best.feed.name == "customers"
    rules, told = rules_from_content(feed, best.rules.pop("columns"), cells, places or {})
    rules, told = best.rules | rules, best.told + told
    if is_list:
        rules["customer_id_scope"] = "network"
        told.append("source: that of the contract whose receipts name these customers, so that their ids are the same")
    columns = rules.pop("columns")
    if feed.name != "customers" and "source_customer_id" in columns:
        ids = _ids(columns, cells) - {*rules.get("placeholder_customer_ids", [])}
        if ids and len(ids & listed) >= MOST_LISTED * len(ids):
            rules["customer_id_scope"] = "network"
            told.append("its customers are those of a list in hq/, so their ids are the whole network's")
        else:
            told.append("if a customer's id is the same at every location, say customer_id_scope: network")
    needed, missing = best.needed, [name for name in best.needed if name not in columns]
    used = {name: headers_of(rule) for name, rule in columns.items()}
    unused = [header for header in cells if not any(header in headers for headers in used.values())]
    telling = [header for name in needed for header in used.get(name, [])]
    if len(telling) < TELLING:
        telling = (telling + [header for name in feed.column_names for header in used.get(name, [])])[:TELLING]
    contract = {
        "name": name,
        "source": "my_pos",
        "feed": feed.name,
        "recognise": list(dict.fromkeys(telling)),
        "known": unused,
        **rules,
        "columns": {name: columns[name] for name in feed.column_names if name in columns} | dict.fromkeys(missing, "?"),
    }
    told = [f"no column found for: {', '.join(missing)}"] * bool(missing) + told
    if unused:
        told.append(f"not used: {', '.join(unused)}; what matters of them needs a column below")
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, width=110)
    # A header may hold line breaks, which would end the comment.
    notes = "".join(f"# {' '.join(line.split())}\n" for line in told)
    head = f"# A contract to start from: save as sources/{name}.yaml beside network.yaml and correct it.\n"
    return Proposal(head + notes + text, frozenset(_ids(columns, cells)) if is_list else frozenset())


def _ids(columns: dict[str, Rule], cells: dict[str, list[str]]) -> set[str]:
    """What stands under a customer's id."""
    return {value.strip() for header in headers_of(columns["source_customer_id"]) for value in cells[header]} - {""}


class _Draft:
    """What a header would be as one feed. `fit`: the columns found less those that are needed and not there."""

    def __init__(self, feed: Feed, cells: dict[str, list[str]], is_shared: bool) -> None:
        self.feed = feed
        columns, found = match(feed, cells, is_shared)
        self.rules, self.told = fill_gaps(feed, columns, cells)
        is_place_needed = is_shared and feed.name != "customers"
        self.needed = [
            column.name
            for column in feed.columns
            if (column.required and not (column.name == "net_amount" and "priced_by" in self.rules))
            or (column.role == "location" and is_place_needed)
        ]
        self.fit = found - sum(name not in self.rules["columns"] for name in self.needed)
