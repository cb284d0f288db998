"""The run's own parameters: one row that says which run this is, for which day, under which thresholds."""

import os
from dataclasses import asdict, dataclass
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.errors import RegularsError
from dagster_project.home import Home
from dagster_project.network import Network
from dagster_project.network_sections import CUTOFF_LISTS

_ARROW = {int: pa.int64(), float: pa.float64()}
# Thresholds that may be empty keep their type in SQL.
_EMPTY_TYPES = {"rfm_window_days": pa.int64()} | {
    f"rfm_{name}_{number}": pa.float64() for name in CUTOFF_LISTS for number in range(1, 5)
}


@dataclass(frozen=True)
class Run:
    """input_fingerprint: a hash of everything the run was made from."""

    run_id: str
    as_of_date: date
    input_fingerprint: str


def write_parameters(network: Network, run: Run) -> None:
    """Write `lake/parameters.parquet`: run_id, as_of_date and every threshold, so that SQL reads them as data."""
    thresholds = network.thresholds()
    fields = [("run_id", pa.string()), ("as_of_date", pa.date32()), ("input_fingerprint", pa.string())]
    fields += [
        (name, _EMPTY_TYPES.get(name, _ARROW.get(type(value), pa.string()))) for name, value in thresholds.items()
    ]
    row = asdict(run) | thresholds
    beside = network.home.parameters.with_suffix(".new")
    pq.write_table(pa.Table.from_pylist([row], schema=pa.schema(fields)), beside)
    os.replace(beside, network.home.parameters)


def read_run(home: Home) -> Run:
    """The run that extraction began. Raises RegularsError before the first."""
    if not home.parameters.is_file():
        raise RegularsError(f"{home.parameters}: no run has begun here; start the nightly job (make run does)")
    row = pq.read_table(home.parameters, columns=["run_id", "as_of_date", "input_fingerprint"]).to_pylist()[0]
    return Run(**row)
