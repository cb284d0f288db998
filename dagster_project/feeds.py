"""The feeds as typed values, read from sources/feeds.yaml: the one list every room works from."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dagster_project.errors import ContractError
from dagster_project.yaml_text import read_yaml

SOURCES = Path(__file__).parent / "sources"
# The source of files whose header is a feed's own column names.
CANONICAL = "canonical"

SQL_TYPES = {
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "decimal": "DECIMAL(18,4)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "month": "DATE",
}

# What landing adds to a feed's own columns, in this order, behind them.
LANDED_COLUMNS = {
    "event_local_at": "TIMESTAMP",
    "source_system": "VARCHAR",
    "customer_id_scope": "VARCHAR",
    "file_key": "VARCHAR",
    "row_number": "BIGINT",
}


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    required: bool = False
    role: str | None = None
    values: tuple[str, ...] = ()
    default: str | None = None
    spare: bool = False
    between: tuple[int, int] | None = None

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]

    @property
    def is_presumed(self) -> bool:
        """Whether an empty value stands for a definite one rather than for an unknown."""
        return self.role in ("business_date", "currency") or self.default not in (None, "unknown")


@dataclass(frozen=True)
class Feed:
    name: str
    description: str
    scope: str
    key: tuple[str, ...]
    replace: tuple[str, ...]
    event_at: str | None
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"feed {self.name} has no column {name!r}; it has {', '.join(self.column_names)}")

    def with_role(self, role: str) -> Column | None:
        """The feed's column that plays this role (`email`, `phone`, `location` ...), or None."""
        return next((c for c in self.columns if c.role == role), None)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def landed_schema(self) -> dict[str, str]:
        """Column name -> DuckDB type of a landed Parquet file of this feed."""
        return {c.name: c.sql_type for c in self.columns} | LANDED_COLUMNS


@cache
def load_feeds() -> dict[str, Feed]:
    """Every feed by name, in the order of feeds.yaml."""
    raw = read_yaml(SOURCES / "feeds.yaml")
    return {name: _feed(name, spec) for name, spec in raw.items()}


def _feed(name: str, spec: dict) -> Feed:
    columns = tuple(
        Column(
            name=column,
            type=attributes["type"],
            required=attributes.get("required", False),
            role=attributes.get("role"),
            values=tuple(attributes.get("values", ())),
            default=attributes.get("default"),
            spare=attributes.get("spare", False),
            between=tuple(attributes["between"]) if "between" in attributes else None,
        )
        for column, attributes in spec["columns"].items()
    )
    return Feed(
        name=name,
        description=spec["description"],
        scope=spec["scope"],
        key=tuple(spec["key"]),
        replace=tuple(spec.get("replace", spec["key"])),
        event_at=spec.get("event_at"),
        columns=columns,
    )
