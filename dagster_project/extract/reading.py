"""Any delivered file as a table of text: the format is told by the name's ending, the rest by the content.

Typing the cells is the contract's business. Raises UnreadableFile, naming the file and what is wrong, when
a file as a whole cannot be read; limits.py says how big one may be.
"""

from pathlib import Path

from dagster_project.errors import UnreadableFile
from dagster_project.extract.reading_text import open_delimited
from dagster_project.extract.tables import Table
from dagster_project.extract.titles import Fits
from dagster_project.extract.unpacking import ARCHIVES, Source, members_of

_DELIMITED = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
FORMATS = (*_DELIMITED, ".xlsx", ".json", ".jsonl", ".zip")


def open_table(path: Path, name: str, member: str | None = None, fits: Fits | None = None) -> Table:
    """Look at a file, or a member of a zip; `name` is how messages call it. Its rows are read by stream_rows.

    `fits` says of header names whether a contract knows them: that tells a header from titles above it.
    """
    source = Source(path, name, member)
    if source.file_name.endswith(_DELIMITED):
        return open_delimited(source, fits)
    if source.file_name.endswith((".json", ".jsonl")):
        from dagster_project.extract.reading_json import open_json, open_json_lines

        return (open_json if source.file_name.endswith(".json") else open_json_lines)(source)
    if source.file_name.endswith(".xlsx"):
        from dagster_project.extract.reading_sheets import open_sheet

        return open_sheet(source, fits)
    if member is not None and source.file_name.endswith(ARCHIVES):
        raise UnreadableFile(f"{name}: an archive within an archive; deliver the files themselves")
    if member is None and source.file_name.endswith(".zip"):
        # Its members are listed as files of their own: an archive as a whole comes here only when that failed.
        members_of(path, name)
        raise UnreadableFile(f"{name}: an archive that changed while it was read; the next run looks again")
    raise UnreadableFile(f"{name}: format not supported; deliver one of {', '.join(FORMATS)}")
