"""Destinations of type file: the audience as files beside the snapshot it came from.

restricted/audiences/<destination>/ (0700) holds, once delivered, and is never written again:
    email_profiles.csv      for people: a text cell a spreadsheet would run is led by an apostrophe
    email_profiles.parquet  for machines: the values as they are
    manifest.json           {"run_id", "destination", "payload", "rows", "files": {name: sha256}}
What a destination acknowledged is the folder that lies in the published snapshot.
"""

import json
import os
import shutil
from pathlib import Path

from dagster_project.errors import PublishError
from dagster_project.publish.guards import Difference
from dagster_project.publish.payload import KEY, NAME, Profiles
from dagster_project.seal import AUDIENCES, MANIFEST, file_sha256, sync_file, sync_folder, write_json

CSV = f"{NAME}.csv"
PARQUET = f"{NAME}.parquet"
# Covers all columns of its night, so it would call every profile changed on the night a column is added.
ROW_HASH = "row_hash"
# What a spreadsheet takes for the start of a formula, or strips to find one.
FORMULA_START = r"^[=+\-@\t\r\n]"


def compare(published: Path | None, name: str, profiles: Profiles) -> Difference:
    """The payload against the files this destination has in the published snapshot; over the columns both have."""
    last = published / AUDIENCES / name / PARQUET if published else None
    if last is None or not last.is_file():
        return Difference(profiles.rows, len(profiles.rejected), None)
    connection = profiles.connection
    connection.execute(f"create or replace temp table acknowledged as select * from read_parquet({_literal(last)})")
    before = {column for column, *_ in connection.execute("describe acknowledged").fetchall()}
    shared = [column for column in profiles.columns if column in before and column not in (KEY, ROW_HASH)]
    is_changed = " or ".join(f'p."{column}" is distinct from a."{column}"' for column in shared) or "false"
    acknowledged, removed, changed = connection.execute(
        f"""select count(*), count(*) filter (p.{KEY} is null), count(*) filter (p.{KEY} is not null and ({is_changed}))
            from acknowledged as a left join payload as p using ({KEY})"""
    ).fetchone()
    return Difference(profiles.rows, len(profiles.rejected), acknowledged, removed, changed)


def deliver(snapshot: Path, name: str, profiles: Profiles) -> None:
    """Write the folder beside and rename it. A folder that was delivered before a kill is left as it is."""
    folder = snapshot / AUDIENCES / name
    if (folder / MANIFEST).is_file():
        _verify(folder, profiles)
        return
    beside = folder.with_name(f".{name}.new")
    if beside.exists():
        shutil.rmtree(beside)
    beside.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    cells = ", ".join(_neutralised(profiles, column) for column in profiles.columns)
    profiles.connection.execute(f"copy (select {cells} from payload) to {_literal(beside / CSV)} (format csv, header)")
    profiles.connection.execute(f"copy payload to {_literal(beside / PARQUET)} (format parquet, compression zstd)")
    files = (CSV, PARQUET)
    for file in files:
        (beside / file).chmod(0o600)
        sync_file(beside / file)
    content = {"run_id": snapshot.name, "destination": name, "payload": NAME, "rows": profiles.rows}
    write_json(beside / MANIFEST, content | {"files": {file: file_sha256(beside / file) for file in files}})
    (beside / MANIFEST).chmod(0o600)
    os.rename(beside, folder)
    sync_folder(folder.parent)


def _verify(folder: Path, profiles: Profiles) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    whole = all(
        (folder / file).is_file() and file_sha256(folder / file) == sha for file, sha in manifest["files"].items()
    )
    if not whole or manifest["rows"] != profiles.rows:
        raise PublishError(
            f"{folder}: was delivered before and is not what its manifest says; move it away and publish again"
        )


def _neutralised(profiles: Profiles, column: str) -> str:
    types = {name: type_ for name, type_, *_ in profiles.connection.execute("describe payload").fetchall()}
    cell = f'"{column}"'
    if types[column] != "VARCHAR":
        return cell
    return f"case when regexp_matches({cell}, '{FORMULA_START}') then '''' || {cell} else {cell} end as {cell}"


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
