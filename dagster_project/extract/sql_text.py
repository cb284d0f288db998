"""Names and values as SQL text. Headers come from strangers: nothing reaches SQL but through here."""


def quoted(name: str) -> str:
    """An identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A string constant."""
    return "'" + value.replace("'", "''") + "'"
