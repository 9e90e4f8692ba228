"""Reading a table beside pandas and pyarrow: seconds to a frame, and seconds and memory to encoded rows.

    python benchmarks/tables.py [--quick] [--size MB]

A table of numbers, whole numbers, categories, dates and gaps is written as CSV and as Parquet, of about 1 GB
of CSV, 100 MB with `--quick`. Each reader runs in processes of its own, in turn, which have loaded all
libraries before; the quickest of three counts. Peak memory is that of a process that reads and encodes, less
that of one that does not, in times of the encoded numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from measure import PEAK

ROUNDS = 3
SLOWER, MEMORY = 1.3, 1.5
"""The targets: times the faster peer's seconds to a frame, and times the encoded numbers in memory."""

ROWS = 1_000_000 / 118
"""Of the table, a megabyte."""

PEERS = {
    "pandas": "import pandas as pd; read = lambda: pd.read_{kind}(path)",
    "pandas, engine pyarrow": "import pandas as pd; read = lambda: pd.read_csv(path, engine='pyarrow')",
    "pyarrow": "import {module} as source; read = lambda: source.{reader}(path).to_pandas()",
}
LINNET = (
    "from pathlib import Path; from linnet.config.table import TableOptions; "
    "from linnet.data.formats.frames import read_frame; "
    "read = lambda: read_frame(Path(path), path, TableOptions()).frame"
)
ENCODED = "import linnet, torch; read = lambda: linnet.load(path)"
NOTHING = "import linnet, torch; linnet.load; read = lambda: None"

CHILD = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas, pyarrow.csv, pyarrow.parquet
path = sys.argv[1]
{setup}
began = time.perf_counter()
found = read()
seconds = time.perf_counter() - began
numbers = sum(part.X.nbytes for part in found) if isinstance(found, tuple) else 0
print(json.dumps({{"seconds": seconds, "numbers": numbers}}))
"""


def main() -> None:
    """Write the tables, run all and print beside the targets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true", help="as without it: nothing here is cut short")
    parser.add_argument("--size", type=int, help="megabytes of CSV")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures to FILE.tables.json"
    )
    arguments = parser.parse_args()
    size = arguments.size or (100 if arguments.quick else 1000)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_tables(Path(folder), round(size * ROWS))
        figures = {path.suffix[1:]: race(path) for path in paths}
    if arguments.json:
        arguments.json.with_suffix(".tables.json").write_text(json.dumps(figures, indent=1))


def write_tables(folder: Path, rows: int) -> tuple[Path, Path]:
    """The same table as CSV and as Parquet."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    table = pa.table(make_columns(rows))
    paths = folder / "table.csv", folder / "table.parquet"
    csv.write_csv(table, paths[0])
    parquet.write_table(table, paths[1])
    return paths


def make_columns(rows: int) -> dict[str, Any]:
    """Six columns of numbers, three of whole numbers, three of categories, one of dates, and a price."""
    import pyarrow as pa

    source = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    for place in range(6):
        gaps = source.random(rows) < 0.05 if place % 3 == 0 else None
        columns[f"number {place}"] = pa.array(source.normal(size=rows).round(6), mask=gaps)
    for place in range(3):
        columns[f"whole {place}"] = pa.array(source.integers(0, 10_000, rows))
    for levels in (3, 12, 50):
        words = np.array([f"level {level}" for level in range(levels)])
        gaps = source.random(rows) < 0.03 if levels == 12 else None
        columns[f"category of {levels}"] = pa.array(words[source.integers(0, levels, rows)], mask=gaps)
    days = np.datetime64("2020-01-01") + source.integers(0, 1500, rows).astype("timedelta64[D]")
    columns["day"] = pa.array(days)
    columns["price"] = pa.array((source.normal(size=rows) * 100).round(2))
    return columns


def race(path: Path) -> dict[str, Any]:
    """The figures of a file, printed."""
    kind = path.suffix[1:]
    reader = {"csv": "read_csv", "parquet": "read_table"}[kind]
    names = [name for name in PEERS if kind == "csv" or "engine" not in name]
    setups = {n: PEERS[n].format(kind=kind, module=f"pyarrow.{kind}", reader=reader) for n in names}
    setups["linnet"] = LINNET
    runs = [{name: measure(path, setup) for name, setup in setups.items()} for _ in range(ROUNDS)]
    seconds = {name: min(run[name]["seconds"] for run in runs) for name in setups}
    print(f"{kind}, {path.stat().st_size / 1e6:,.0f} MB")
    for name, least in seconds.items():
        print(f"  {name:24} {least:8.2f} s to a frame")
    ratio = seconds["linnet"] / min(seconds[name] for name in names)
    print(f"  beside the faster        {ratio:8.2f} ×  target at most {SLOWER} ×: {met(ratio, SLOWER)}")
    encoded = [measure(path, ENCODED) for _ in range(ROUNDS)]
    bare = min(measure(path, NOTHING)["peak"] for _ in range(ROUNDS))
    least = min(run["seconds"] for run in encoded)
    memory = min((run["peak"] - bare) / run["numbers"] for run in encoded)
    print(
        f"  linnet                   {least:8.2f} s to {encoded[0]['numbers'] / 1e6:,.0f} MB of encoded rows"
    )
    print(
        f"  peak memory              {memory:8.2f} ×  target at most {MEMORY} ×: {met(memory, MEMORY)}",
        flush=True,
    )
    return {"seconds": seconds, "ratio": ratio, "encoded": least, "memory": memory}


def met(value: float, target: float) -> str:
    """Whether a target is met, in a word."""
    return "met" if value <= target else "missed"


def measure(path: Path, setup: str) -> dict[str, float]:
    """Seconds, peak memory and encoded bytes of a process of its own."""
    code = CHILD.format(setup=setup) + PEAK
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env=environment
    )
    found, peak = done.stdout.splitlines()[-2:]
    return {**json.loads(found), "peak": int(peak.removeprefix("PEAK"))}


if __name__ == "__main__":
    main()
