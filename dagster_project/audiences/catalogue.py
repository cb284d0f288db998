"""The audiences of a network: read, typed, and held to conditions that can only read."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
from pydantic import Field, ValidationError

from dagster_project.errors import NetworkError
from dagster_project.network import Network
from dagster_project.outbound import EVERYONE, Name, Section
from dagster_project.yaml_text import read_yaml

BUILT_IN = Path(__file__).parent
Turnover = Literal["stable", "rolling", "calendar"]
# A condition is a plain expression over the row: what else DuckDB's parser finds in it is refused.
_PLAIN = {
    "COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "FUNCTION", "CAST", "CASE", "BETWEEN",
}  # fmt: skip
# Another day's run must come to the same, and a condition looks at nothing but its row.
_FUNCTIONS = {
    "!~~", "!~~*", "%", "*", "+", "-", "/", "//", "||", "~~", "~~*", "abs", "array_contains", "ceil", "coalesce",
    "concat", "concat_ws", "contains", "date_diff", "date_part", "date_trunc", "datediff", "datepart", "datetrunc",
    "day",
    "dayofweek", "ends_with", "floor", "greatest", "ilike_escape", "in_list", "least", "length", "like_escape",
    "list_value", "lower", "md5", "mod", "month", "nullif", "prefix", "quarter", "regexp_matches", "round", "sqrt",
    "starts_with", "substring", "suffix", "trim", "upper", "week", "year",
}  # fmt: skip


class Audience(Section):
    """One audience. condition: an SQL expression over one row of customer_360, birth_month beside it.

    priority: 1 is served first when a customer's contacts run out. turnover: how much may change in a night.
    destinations: where it goes; None for all. attributes: columns of sync_email_profiles that its members need;
    None for all that may leave.
    """

    name: Name
    description: str
    condition: str
    turnover: Turnover = "stable"
    priority: Annotated[int, Field(ge=1)] = 100
    destinations: list[Name] | None = None
    attributes: list[str] | None = None


def load_audiences(network: Network) -> list[Audience]:
    """Built-in audiences and the network's own, by name; one of its own replaces a built-in of the same name.

    Raises NetworkError naming file, key and what is allowed.
    """
    audiences = {}
    for folder in (BUILT_IN, network.own_audiences):
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
            audience = _read(path)
            known = {destination.name for destination in network.destinations}
            if unknown := sorted(set(audience.destinations or []) - known):
                raise NetworkError(
                    f"{path}: `destinations` names {', '.join(unknown)}; network.yaml has {', '.join(sorted(known))}"
                )
            audiences[audience.name] = audience
    return [audiences[name] for name in sorted(audiences)]


def usable_audiences(network: Network, columns: dict[str, str]) -> tuple[list[Audience], dict[str, str]]:
    """The audiences whose condition stands on `columns` (name -> SQL type), and why each other one does not.

    A built-in that a column is missing for is left out with that reason; one of the network's own is an error.
    Raises NetworkError.
    """
    usable, reasons = [], {}
    own = {path.stem for path in network.own_audiences.glob("*.yaml")} if network.own_audiences.is_dir() else set()
    for audience in load_audiences(network):
        problem = condition_problem(audience.condition, columns)
        if problem is None:
            usable.append(audience)
        elif audience.name in own:
            raise NetworkError(f"{network.own_audiences / audience.name}.yaml: `condition` {problem}")
        else:
            reasons[audience.name] = problem
    return usable, reasons


def condition_problem(condition: str, columns: dict[str, str]) -> str | None:
    """Why a condition cannot be used, or None.

    It is parsed, held to plain expressions over the row, and tried on an empty table on a connection that can
    reach no file and no setting.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        quoted_names = [f'"{name}"' for name in columns]
        shape = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
        connection.execute(f"create table customer_360 ({shape})")
        # A row of nothing, so that constants are looked at too.
        connection.execute(f"insert into customer_360 ({quoted_names[0]}) values (null)")
        connection.execute("set lock_configuration = true")
        query = f"select 1 from customer_360 where (\n{condition}\n)"
        parsed = json.loads(connection.execute("select json_serialize_sql(?::varchar)", [query]).fetchone()[0])
        if parsed.get("error") or len(parsed["statements"]) != 1:
            return "is not one SQL expression"
        node = parsed["statements"][0]["node"]
        bare = json.loads(
            connection.execute("select json_serialize_sql('select 1 from customer_360 where (true)')").fetchone()[0]
        )["statements"][0]["node"]
        if {k: _shape(v) for k, v in node.items() if k != "where_clause"} != {
            k: _shape(v) for k, v in bare.items() if k != "where_clause"
        }:
            return "is more than one SQL expression"
        if odd := sorted(_odd_parts(node["where_clause"])):
            return f"uses {', '.join(odd)}; plain comparisons over the row are allowed"
        if unknown := sorted(_names_in(node["where_clause"]) - columns.keys()):
            return f"needs column {', '.join(unknown)}, which customer_360 does not have"
        try:
            connection.execute(f"select coalesce(cast((\n{condition}\n) as boolean), false) from customer_360")
        except duckdb.Error as error:
            return f"does not fit customer_360 ({type(error).__name__})"
    return None


def _read(path: Path) -> Audience:
    try:
        audience = Audience(**read_yaml(path))
    except (ValueError, TypeError) as error:
        if isinstance(error, ValidationError):
            told = "; ".join(f"`{'.'.join(map(str, p['loc']))}`: {p['msg']}" for p in error.errors())
        else:
            told = str(error)
        raise NetworkError(f"{path}: {told}; keys are {', '.join(Audience.model_fields)}") from error
    if audience.name != path.stem or audience.name == EVERYONE:
        raise NetworkError(f"{path}: `name` is {audience.name!r}; it is the file's name, and not {EVERYONE}")
    return audience


def _odd_parts(tree: Any) -> set[str]:
    """Classes of expression and functions that a condition may not have, anywhere in it."""
    odd = set()
    if isinstance(tree, dict):
        kind = tree.get("class")
        if isinstance(kind, str) and kind not in _PLAIN:
            odd.add(kind.lower())
        function = tree.get("function_name")
        if function is not None and function not in _FUNCTIONS:
            odd.add(f"{function}()")
        for value in tree.values():
            odd |= _odd_parts(value)
    elif isinstance(tree, list):
        for value in tree:
            odd |= _odd_parts(value)
    return odd


def _names_in(tree: Any) -> set[str]:
    """The columns an expression speaks of; what SQL writes like one, such as current_date, is among them."""
    if isinstance(tree, dict):
        own = {tree["column_names"][-1].lower()} if tree.get("class") == "COLUMN_REF" else set()
        return own.union(*map(_names_in, tree.values()))
    return set().union(*map(_names_in, tree)) if isinstance(tree, list) else set()


def _shape(tree: Any) -> Any:
    """A parsed statement without the places in its text."""
    if isinstance(tree, dict):
        return {key: _shape(value) for key, value in tree.items() if key != "query_location"}
    return [_shape(value) for value in tree] if isinstance(tree, list) else tree
