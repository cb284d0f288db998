"""Where everything of one network lies. Names only: nothing here reads or writes.

`lake/` can be rebuilt from the landing zone at any time. `state/` cannot: it carries ids and alerts
from run to run, and the set that counts is the one of the run that `published` points to.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    def landed(self, feed: str) -> Path:
        """Folder of one feed's landed Parquet, one file per landed export."""
        return self.lake / "landed" / feed

    def clean(self, feed: str) -> Path:
        """Folder of one feed's clean Parquet, named as the landed files are."""
        return self.lake / "clean" / feed

    @property
    def inbox(self) -> Path:
        """The image of a landing zone that lies elsewhere."""
        return self.lake / "inbox"

    @property
    def rejected(self) -> Path:
        return self.lake / "rejected"

    @property
    def unreadable(self) -> Path:
        """Values that landed rows had to do without, because they could not be read."""
        return self.lake / "unreadable"

    @property
    def ledger(self) -> Path:
        """Which file of the landing zone became what; a cache, rebuilt from the landing zone."""
        return self.lake / "ledger.parquet"

    @property
    def superseded(self) -> Path:
        """Landed rows that a newer delivery replaced: feed, file_key, row_number."""
        return self.lake / "superseded.parquet"

    @property
    def arrival(self) -> Path:
        """Per location: data_through_date."""
        return self.lake / "arrival.parquet"

    @property
    def parameters(self) -> Path:
        """One row: run_id, as_of_date and every threshold of network.yaml, as `<section>_<key>`."""
        return self.lake / "parameters.parquet"

    @property
    def identity(self) -> Path:
        return self.lake / "identity"

    @property
    def predictions(self) -> Path:
        """What predict/ says of customers, made from the warehouse half built and read by its other half."""
        return self.lake / "predictions"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def spill(self) -> Path:
        """What an engine cannot hold in memory, while it is open."""
        return self.root / ".spill"

    @property
    def ops(self) -> Path:
        return self.root / "ops.duckdb"

    @property
    def candidate(self) -> Path:
        """What this run builds, until it is sealed: laid out as a snapshot is, with its state beside."""
        return self.root / "candidate"

    @property
    def candidate_marts(self) -> Path:
        return self.candidate / "marts.duckdb"

    @property
    def candidate_people(self) -> Path:
        return self.candidate / "restricted" / "people.duckdb"

    @property
    def candidate_state(self) -> Path:
        return self.candidate / "state"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def sync(self) -> Path:
        """What e-mail tools have acknowledged and told us: it describes them, so no swap and no rollback changes it."""
        return self.state / "sync"

    @property
    def returned(self) -> Path:
        """Feeds pulled from e-mail tools, landed with the next night's files."""
        return self.root / "returned"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def published(self) -> Path:
        return self.root / "published"

    def published_run(self) -> str | None:
        """The run that is published now, or None before the first."""
        return self.published.resolve().name if self.published.is_symlink() else None

    def current_state(self) -> Path | None:
        """The state folder that belongs to what is published: one rename makes both current."""
        run = self.published_run()
        return self.state / run if run else None
