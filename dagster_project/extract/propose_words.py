"""The words that proposals go by: sources/vocabulary.yaml, and headers as it has them."""

import re
from functools import cache
from unicodedata import combining, normalize

from dagster_project.feeds import SOURCES
from dagster_project.yaml_text import read_yaml

Rule = str | dict
Cells = dict[str, list[str]]
# Countries have few rates of tax; amounts of tax are as many as prices.
FEW_RATES, MANY_ROWS = 5, 30
# A letter, nought, or from 2 to 30 percent; amounts of tax are mostly less.
_RATE = r"[A-Za-z]|0?|([2-9]|[12]\d|30?)([.,]\d+)?"


@cache
def vocabulary() -> dict:
    """sources/vocabulary.yaml."""
    return read_yaml(SOURCES / "vocabulary.yaml")


@cache
def header_words(kind: str) -> frozenset[str]:
    """The names of one of the vocabulary's kinds of headers, folded as `folded` does."""
    return frozenset(folded(name) for name in vocabulary()[kind])


def headers_of(rule: Rule) -> list[str]:
    """The headers a proposed rule reads."""
    if isinstance(rule, str):
        return [rule]
    named = rule.get("from", [h for case in rule.get("cases", []) for h in case["when"]])
    named = [named] if isinstance(named, str) else named
    return [*named, *rule.get("multiply", []), *rule.get("subtract", [])]


def words_of(name: str) -> list[str]:
    """A header or column name as lower-case words without accents: `N° Ticket` is no, ticket."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).replace("#", " number ").replace("\u00b0", "o")
    bare = "".join(sign for sign in normalize("NFKD", apart.casefold()) if not combining(sign))
    return bare.translate(str.maketrans("_-./()?", "       ")).split()


def folded(name: str) -> str:
    """A name as its words, one blank between them."""
    return " ".join(words_of(name))


def is_rate(header: str, values: list[str]) -> bool:
    """Whether a column tells a rate of tax: by its header, or as a tax that is one of few percentages on many rows."""
    words = words_of(header.replace("%", " % "))
    said = {"%", *header_words("rates")} & {*words}
    names = {folded(name) for name in vocabulary()["columns"]["tax_amount"]}
    if not names & {" ".join(word for word in words if word not in said), *words}:
        return False
    filled = [value.strip() for value in values if value.strip()]
    rates = {re.sub(r"([,.]0*)?\s*%?$", "", value) for value in filled}
    is_few = len(filled) >= MANY_ROWS and len(rates) <= FEW_RATES
    return bool(said) or (is_few and all(re.fullmatch(_RATE, rate) for rate in rates))
