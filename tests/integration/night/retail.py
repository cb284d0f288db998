"""The example of a wholesaler's daily files, laid out as far as a test wants them."""

import importlib.util
import shutil
from datetime import date
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "online_retail"


def lay_out(folder: Path, landing: Path, files: int) -> None:
    """The first `files` daily files as a landing zone, through the example's own command."""
    spec = importlib.util.spec_from_file_location("lay_out", EXAMPLE / "lay_out.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    last = sorted(folder.glob("*.csv.gz"))[files - 1].name[:10]
    assert module.lay_out(folder, landing, last=date.fromisoformat(last)) == files


def network_at(folder: Path, as_of_date: str | None = None, more: str = "") -> Path:
    file = folder / "network.yaml"
    if not file.exists():
        shutil.copytree(EXAMPLE / "sources", folder / "sources")
    pin = f"as_of_date: {as_of_date}\n" if as_of_date else ""
    # Customer ids, and so who is held out, are a home's own.
    nobody_held_out = "contact: {holdout_share: 0}\n"
    file.write_text((EXAMPLE / "network.yaml").read_text() + nobody_held_out + pin + more)
    return file
