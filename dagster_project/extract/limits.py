"""How much one delivered file may be. Beyond it a file is set aside by name, and the run goes on.

They stop what is hostile or broken, not what is big: a year of a large network's lines fits one file.
Sizes are counted while unpacking; what an archive declares of itself is not believed.
"""

# Text that is streamed (csv, tsv, jsonl), after unpacking.
MAX_TEXT_BYTES = 32 << 30
# What has to be held in memory whole: json, and a workbook as delivered.
MAX_WHOLE_BYTES = 64 << 20
MAX_WORKBOOK_UNPACKED_BYTES = 512 << 20
# Rows times columns of a sheet's used area: a reader of workbooks lays it out in full.
MAX_WORKBOOK_CELLS = 10_000_000
# Unpacked to packed, once more than the grace is unpacked. Exports reach 5 to 30, deflate at most 1,032.
MAX_RATIO = 200
RATIO_GRACE_BYTES = 16 << 20
MAX_MEMBERS = 1_000
MAX_ROWS = 100_000_000
MAX_COLUMNS = 2_000
# Characters; also the limit of Python's csv module.
MAX_CELL = 131_072
# One row, and a header with what stands above it.
MAX_ROW_BYTES = 4 << 20
MAX_HEADER_BYTES = 256 << 10
# Rows of titles above a header.
MAX_TITLE_ROWS = 20
# Rows of a file that do not fit its header.
MAX_MALFORMED = 100_000


def size_text(limit: int) -> str:
    """A limit in bytes as people write it."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if limit >= 1 << shift:
            return f"{limit >> shift} {unit}"
    return f"{limit} bytes"
