"""Destinations of type file: the audience as files beside the snapshot it came from.

restricted/audiences/<destination>/ (0700) holds, once delivered, and is never written again:
    email_profiles.csv      for people: a text cell a spreadsheet would run is led by an apostrophe
    email_profiles.parquet  for machines: the values as they are
    email_audiences.csv, .parquet   audience, email, customer_id, when an audience has members
    manifest.json           {"run_id", "destination", "payload", "rows", "files": {name: sha256}}
What a destination acknowledged is the folder that lies in the published snapshot.
"""

import json
import os
import shutil
from pathlib import Path

import duckdb

from dagster_project.errors import PublishError
from dagster_project.publish.guards import Difference
from dagster_project.publish.payload import KEY, NAME, Profiles
from dagster_project.seal import AUDIENCES, MANIFEST, file_sha256, sync_file, sync_folder, write_json

MEMBERS = "email_audiences"
PARQUET = f"{NAME}.parquet"
# Covers all columns of its night, so it would call every profile changed on the night a column is added.
ROW_HASH = "row_hash"
# What a spreadsheet takes for the start of a formula, or strips to find one.
FORMULA_START = r"^[=+\-@\t\r\n]"


def compare(published: Path | None, name: str, profiles: Profiles) -> dict[str, Difference]:
    """The payload against the files this destination has in the published snapshot; over the columns both have."""
    return compare_with(published / AUDIENCES / name / PARQUET if published else None, profiles)


def compare_with(last: Path | None, profiles: Profiles) -> dict[str, Difference]:
    """The payload against the Parquet file of an earlier set."""
    return {NAME: _difference(last, profiles)}


def _difference(last: Path | None, profiles: Profiles) -> Difference:
    if last is None or not last.is_file():
        return Difference(profiles.rows, len(profiles.rejected), None, duplicates=profiles.duplicates)
    connection = profiles.connection
    connection.execute(
        f"""create or replace temp table acknowledged as
            select * from read_parquet({_literal(last)}) where {profiles.may_be_mailed}"""
    )
    before = {column for column, *_ in connection.execute("describe acknowledged").fetchall()}
    shared = [column for column in profiles.columns if column in before and column not in (KEY, ROW_HASH)]
    is_changed = " or ".join(f'p."{column}" is distinct from a."{column}"' for column in shared) or "false"
    acknowledged, removed, changed = connection.execute(
        f"""select count(*), count(*) filter (p.{KEY} is null), count(*) filter (p.{KEY} is not null and ({is_changed}))
            from acknowledged as a left join payload as p using ({KEY})"""
    ).fetchone()
    return Difference(profiles.rows, len(profiles.rejected), acknowledged, removed, changed, profiles.duplicates)


def deliver(snapshot: Path, name: str, profiles: Profiles, is_published: bool = True) -> None:
    """Write the folder beside and rename it.

    What was delivered into a published snapshot is left as it is; into one that a kill kept from being published,
    it is written anew, as people may have unsubscribed since.
    """
    folder = snapshot / AUDIENCES / name
    if (folder / MANIFEST).is_file() and is_published:
        _verify(folder)
        return
    if folder.exists():
        shutil.rmtree(folder)
    beside = folder.with_name(f".{name}.new")
    if beside.exists():
        shutil.rmtree(beside)
    beside.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(0o700)
    files = write_files(beside, profiles, is_for_people=True)
    content = {"run_id": snapshot.name, "destination": name, "payload": NAME, "rows": profiles.rows}
    write_json(beside / MANIFEST, content | {"files": files})
    (beside / MANIFEST).chmod(0o600)
    os.rename(beside, folder)
    sync_folder(folder.parent)


def write_files(folder: Path, profiles: Profiles, is_for_people: bool) -> dict[str, str]:
    """The payload, and who is in which audience if anybody is, as CSV and Parquet; file name -> SHA-256.

    In files for people a text cell that a spreadsheet would run is led by an apostrophe; for machines none is altered.
    """
    connection = profiles.connection
    sets = {NAME: "payload"}
    if _has_members(connection):
        sets[MEMBERS] = "audience_payload"
    for file, view in sets.items():
        types = {column: type_ for column, type_, *_ in connection.execute(f"describe {view}").fetchall()}
        cells = ", ".join(_neutralised(name, type_) if is_for_people else f'"{name}"' for name, type_ in types.items())
        csv, parquet = folder / f"{file}.csv", folder / f"{file}.parquet"
        connection.execute(f"copy (select {cells} from {view}) to {_literal(csv)} (format csv, header)")
        connection.execute(f"copy (select * from {view}) to {_literal(parquet)} (format parquet, compression zstd)")
    names = [f"{file}.{kind}" for file in sets for kind in ("csv", "parquet")]
    for file in names:
        (folder / file).chmod(0o600)
        sync_file(folder / file)
    return {file: file_sha256(folder / file) for file in names}


def _has_members(connection: duckdb.DuckDBPyConnection) -> bool:
    views = connection.execute("select count(*) from duckdb_views() where view_name = 'audience_payload'").fetchone()[0]
    return bool(views) and bool(connection.execute("select count(*) from audience_payload").fetchone()[0])


def _verify(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    whole = all(
        (folder / file).is_file() and file_sha256(folder / file) == sha for file, sha in manifest["files"].items()
    )
    if not whole:
        raise PublishError(
            f"{folder}: was delivered before and is not what its manifest says; move it away and publish again"
        )


def _neutralised(column: str, type_: str) -> str:
    cell = f'"{column}"'
    if type_ != "VARCHAR":
        return cell
    return f"case when regexp_matches({cell}, '{FORMULA_START}') then '''' || {cell} else {cell} end as {cell}"


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
