"""Lay the Maven Market teaching set's CSV files out as a landing zone.

    python examples/maven_market/lay_out.py FOLDER

copies sales, customers, products and stores into `landing/hq/` beside this script, because each holds
several locations, and of the returns those of 1997: the sales of 1998 are not in the set. What is
there already is written again.
"""

import shutil
import sys
from pathlib import Path

LANDING = Path(__file__).parent / "landing"
TABLES = ("Transactions_1997", "Customers", "Products", "Stores")
RETURNS = "MavenMarket_Returns_1997-1998.csv"


def lay_out(folder: Path, landing: Path) -> int:
    """Copy the files; returns how many lie in the landing zone now."""
    headquarters = landing / "hq"
    headquarters.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        shutil.copy2(folder / f"MavenMarket_{table}.csv", headquarters)
    header, *rows = (folder / RETURNS).read_text(encoding="utf-8-sig").splitlines()
    of_1997 = [row for row in rows if row.split(",")[0].endswith("-1997")]
    returns = headquarters / "MavenMarket_Returns_1997.csv"
    returns.write_text("\n".join([header, *of_1997]) + "\n", encoding="utf-8")
    shutil.copystat(folder / RETURNS, returns)
    return len(list(headquarters.glob("*.csv")))


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / RETURNS).is_file():
        sys.exit(f"usage: python examples/maven_market/lay_out.py FOLDER   (FOLDER holds {RETURNS} and the others)")
    count = lay_out(Path(sys.argv[1]), LANDING)
    print(f"{count} files are in {LANDING / 'hq'}")
    print("now: make run NETWORK=examples/maven_market/network.yaml")
