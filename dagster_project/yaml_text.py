"""YAML as people mean it, the one place where it is read: a key stands once, and 6:30 is a time of day."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def read_yaml(path: Path) -> Any:
    """A YAML file's content. Raises ValueError as `parse_yaml` does, and OSError."""
    return parse_yaml(path.read_bytes())


def parse_yaml(text: bytes) -> Any:
    """The content of a YAML text. Raises ValueError naming the line, what is wrong there and, of a key that stands
    twice, both lines."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ValueError(f"line {mark.line + 1}: {error.problem}" if mark else error.problem) from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


class _Loader(yaml.CSafeLoader):
    """The C parser: contracts are read at every run."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        # YAML 1.1 counts by sixties: 6:30 would be 390.
        tag = super().resolve(kind, value, implicit)
        return "tag:yaml.org,2002:str" if tag in _NUMBERS and ":" in value else tag

    def construct_document(self, node: yaml.Node) -> Any:
        # Before any `<<` is merged, which lets a mapping's own keys stand beside those it takes over.
        for mapping in _mappings(node, set()):
            first: dict[tuple[str, str], yaml.Node] = {}
            for key, _ in mapping.value:
                if not isinstance(key, yaml.ScalarNode):
                    continue
                earlier = first.setdefault((key.tag, key.value), key)
                if earlier is not key:
                    told = f"`{key.value}` stands here and on line {earlier.start_mark.line + 1}; keep one of them"
                    raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
        return super().construct_document(node)


def _mappings(node: yaml.Node, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """Every mapping in a document, each once, however often it is referred to."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
    for part in node.value:
        for inner in part if isinstance(part, tuple) else (part,):
            yield from _mappings(inner, seen)
