"""dbt's own documentation as one HTML file, from the manifest that set-up has parsed: lineage and every description.

As `dbt docs generate --static --empty-catalog` makes it, without a dbt run; the types of columns are the contracts'.
"""

import json
from pathlib import Path

from dagster_project.defs.dbt_build import manifest
from dagster_project.home import Home

EMPTY_CATALOG = {"metadata": {}, "nodes": {}, "sources": {}, "errors": None}


def write_dbt_docs(home: Home) -> Path:
    """Write candidate/report/dbt.html and return its path. It holds code and descriptions, no path of this machine."""
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    parsed = manifest()
    for node in (*parsed["nodes"].values(), *parsed["sources"].values(), *parsed["macros"].values()):
        node.pop("root_path", None)
    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    for place, content in (("MANIFEST", parsed), ("CATALOG", EMPTY_CATALOG)):
        page = page.replace(f'"{place}.JSON INLINE DATA"', json.dumps(content).replace("</", "<\\/"))
    path = home.candidate / "report" / "dbt.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path
