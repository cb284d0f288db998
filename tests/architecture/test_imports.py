"""Who may import whom. The walls are a test, and there are no exceptions to them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dagster_project"
ROOMS = {"extract", "clean", "identity", "warehouse", "predict", "validate", "publish", "demo", "locations", "report"}
LEAVES = {
    "audiences",
    "claim",
    "errors",
    "holdout",
    "home",
    "lake_file",
    "memory",
    "network",
    "network_sections",
    "feeds",
    "ops",
    "outbound",
    "parameters",
    "seal",
    "segment_map",
    "yaml_text",
}
ENGINES = {"dagster", "dagster_dbt", "dbt"}
SLOW = {"great_expectations", "splink", "dbt"}
EXCEPTIONS: set[tuple[str, str]] = set()

# What each part of the package may import of it; a room may import itself and the leaves.
ALLOWED = (
    {leaf: LEAVES for leaf in LEAVES}
    | {room: LEAVES | {room} for room in ROOMS}
    | {
        "defs": LEAVES | ROOMS | {"defs"},
        "definitions": {"defs"},
        "cli": LEAVES | ROOMS | {"cli", "definitions"},
        "": set(),
    }
)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The room or leaf a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py").replace("__init__", "")


def imports(tree: ast.AST) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def inner_part(name: str) -> str | None:
    """`extract` of `dagster_project.extract.land.land_files`; None for another package."""
    parts = name.split(".")
    return parts[1] if parts[0] == "dagster_project" and len(parts) > 1 else None


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_walls_hold(path: Path) -> None:
    part = part_of(path)
    found = {(part, inner) for name in imports(ast.parse(path.read_text())) if (inner := inner_part(name))}
    broken = {(own, other) for own, other in found if other not in ALLOWED[own]} - EXCEPTIONS
    assert not broken, f"{path.name}: {broken}; rooms meet through files, see CONTRIBUTING.md"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_know_neither_dagster_nor_dbt(path: Path) -> None:
    if part_of(path) in ROOMS | LEAVES:
        packages = {name.split(".")[0] for name in imports(ast.parse(path.read_text()))}
        assert not packages & ENGINES


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_slow_libraries_wait_for_their_functions(path: Path) -> None:
    top = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    packages = {name.split(".")[0] for node in top for name in imports(node)}
    assert not packages & SLOW


def test_only_expectations_imports_great_expectations() -> None:
    for path in modules():
        assert "great_expectations" not in {n.split(".")[0] for n in imports(ast.parse(path.read_text()))}


def test_only_validate_calls_expectations() -> None:
    for path in modules():
        if "expectations" in {n.split(".")[0] for n in imports(ast.parse(path.read_text()))}:
            assert part_of(path) == "validate", path


def test_only_network_reads_the_environment() -> None:
    readers = {"environ", "getenv"}
    for path in modules():
        if part_of(path) in ROOMS | LEAVES - {"network"}:
            names = {n.attr for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute)}
            assert not names & readers, path


def test_only_yaml_text_reads_yaml() -> None:
    """What it refuses, such as a key that stands twice, is refused wherever a person writes YAML."""
    for path in modules():
        of_yaml = [
            node.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "yaml"
        ]
        assert set(of_yaml) <= {"safe_dump"} or part_of(path) == "yaml_text", path


def test_asset_bodies_stay_thin() -> None:
    """An asset body over 20 lines hides a room function."""
    for path in sorted((PACKAGE / "defs").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any("asset" in ast.unparse(d) for d in node.decorator_list):
                lines = node.end_lineno - node.body[0].lineno + 1
                assert lines <= 20, f"{path.name}:{node.name} has {lines} lines"


def test_every_room_opens_with_a_sign() -> None:
    for room in sorted(ROOMS | {"defs", "cli"}):
        sign = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text()))
        assert sign, f"{room}/__init__.py says what belongs there and what does not"


def test_no_names_that_say_nothing() -> None:
    for path in modules():
        assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc", "manager"}, path
