"""A ridge over files of small whole numbers beside reading them alone, and what a new day's file costs.

    python benchmarks/stream_ridge.py [--quick] [--full] [--rows N] [--folder DIR] [--json FILE]

Ten files of Parquet, 32 columns of bytes and a target each, are made, 10,000,000 rows in all (100,000,000
with `--full`, 1,000,000 with `--quick`), then an eleventh for the day that is added. All sums over all rows
are kept in int64 while they are made, and what linnet sums is compared with them bit for bit.

Every time is of a process of its own, in alternating order, with the page cache warm and as many threads as
linnet uses. Reading alone is what the quicker of two ways takes: pyarrow's batches of file after file, whose
columns share the threads, and a thread a row group.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from measure import Figure, finish, machine, options

COLUMNS, DAYS, GROUP, MOST = 32, 10, 1_000_000, 8
"""Of a file; files; rows of a group; the largest number."""

SLOWER = 1.3
"""The target: times reading."""

READ = """
import glob, json, sys, time
from concurrent.futures import ThreadPoolExecutor
import pyarrow.parquet as pq
paths, way, threads = sorted(glob.glob(sys.argv[1])), sys.argv[2], int(sys.argv[3])
def group(job):
    file = pq.ParquetFile(job[0], memory_map=True)
    for _ in file.iter_batches(1 << 16, row_groups=[job[1]], use_threads=False):
        pass
began = time.perf_counter()
if way == "columns":
    for path in paths:
        for _ in pq.ParquetFile(path, memory_map=True).iter_batches(1 << 16):
            pass
else:
    jobs = [(path, one) for path in paths for one in range(pq.ParquetFile(path).metadata.num_row_groups)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(group, jobs))
print(json.dumps({"seconds": time.perf_counter() - began}))
"""

SOLVE = """
import json, sys, time
import linnet, torch
pattern, out, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
began = time.perf_counter()
rows = linnet.load(pattern, stream=True, hold_out=False, target="y", task="regression").train
loaded = time.perf_counter() - began
began = time.perf_counter()
found = linnet.solve(rows, l2=1.0, out=out, report=False)
whole = time.perf_counter() - began
again = [linnet.solvers.solve.solve(rows, l2=1.0).stats.seconds for _ in range(rounds - 1)]
seconds = [found.stats.seconds, *again]
print(json.dumps({"loaded": loaded, "whole": whole, "seconds": seconds, "threads": torch.get_num_threads()}))
"""

ADD = """
import json, sys, time
import linnet
from linnet.runs.since import solve_since
began = time.perf_counter()
found = solve_since(sys.argv[1], sys.argv[2], out=sys.argv[3])
print(json.dumps({"seconds": time.perf_counter() - began, "new": len(found.rows)}))
"""


def write_day(path: Path, rows: int, number: int) -> np.ndarray:
    """A day's file, and Σ z zᵀ of its rows z, features, target and 1, in int64, (34, 34)."""
    import pyarrow as pa
    from pyarrow import parquet

    rng, writer, total = np.random.default_rng(number), None, np.zeros((COLUMNS + 2, COLUMNS + 2), np.int64)
    weights = np.arange(COLUMNS, dtype=np.int32) - COLUMNS // 2
    for low in range(0, rows, GROUP):
        size = min(GROUP, rows - low)
        X = rng.integers(-MOST, MOST + 1, (COLUMNS, size), dtype=np.int8)
        y = weights @ X.astype(np.int32) + rng.integers(-20, 21, size, dtype=np.int32)
        table = pa.table({**{f"x{place}": own for place, own in enumerate(X)}, "y": y})
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=GROUP)
        Z = np.vstack([X, y, np.ones(size)])
        total += (Z @ Z.T).astype(np.int64)  # of a group float64 holds every sum exactly
    assert writer is not None
    writer.close()
    return total


def run(script: str, *arguments: Any) -> dict[str, Any]:
    """What a script prints in a process of its own."""
    environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"ended with {ended.returncode}:\n{ended.stderr}")
    return json.loads(ended.stdout.splitlines()[-1])


def is_exact(folder: Path, right: np.ndarray) -> bool:
    """Whether all sums that a run keeps are those of int64."""
    import torch

    from linnet.solvers.least_squares.kept_sums import KeptSums

    zero = torch.zeros(COLUMNS, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    s = KeptSums.read(folder).statistics.about(*zero).sums
    found = np.zeros_like(right, dtype=np.float64)
    found[:COLUMNS, :COLUMNS], found[:COLUMNS, -2], found[:COLUMNS, -1] = s.xx, s.xy[:, 0], s.x
    found[-2, -2], found[-2, -1], found[-1, -1] = s.yy[0], s.y[0], s.rows
    return bool((np.triu(found) == np.triu(right)).all())


def measure(folder: Path, rows: int, rounds: int) -> list[Figure]:
    """All figures, of files in a folder."""
    days = folder / "days"
    days.mkdir()
    parts = [write_day(days / f"{day:02d}.parquet", rows // DAYS, day) for day in range(DAYS)]
    total = np.sum(parts, axis=0)
    print(f"  {rows:,} rows were written", flush=True)
    pattern, read = days / "*.parquet", {way: list[float]() for way in ("columns", "groups")}
    solved = run(SOLVE, pattern, folder / "monday", rounds)
    for turn in range(rounds):
        for way in read if turn % 2 == 0 else reversed(read):
            read[way].append(run(READ, pattern, way, solved["threads"])["seconds"])
    seconds = {way: statistics.median(each) for way, each in read.items()}
    bare, own = min(seconds.values()), statistics.median(solved["seconds"])
    first_exact = is_exact(folder / "monday", total)
    total = total + write_day(days / f"{DAYS:02d}.parquet", rows // DAYS, DAYS)
    day = min(run(READ, days / f"{DAYS:02d}.parquet", way, solved["threads"])["seconds"] for way in read)
    added = run(ADD, pattern, folder / "monday", folder / "tuesday")
    title, ratio = f"ridge over {rows:,} × {COLUMNS}", own / bare
    exact = first_exact and is_exact(folder / "tuesday", total)
    return [
        Figure(f"{title}: pyarrow reads file after file", seconds["columns"], "{:.2f} s"),
        Figure(f"{title}: pyarrow reads a row group a thread", seconds["groups"], "{:.2f} s"),
        Figure(f"{title}: linnet's sums and solution", own, "{:.2f} s"),
        Figure(f"{title}: that / the quicker reading", ratio, "{:.2f} ×", f"≤ {SLOWER}", ratio <= SLOWER),
        Figure(f"{title}: load, with the counted pass", solved["loaded"], "{:.2f} s"),
        Figure(f"{title}: the whole call, with its folder", solved["whole"], "{:.2f} s"),
        Figure("sums equal to int64's, the added day's too", float(exact), "{:.0f}", "1", exact),
        Figure(f"a day of {added['new']:,} rows added: pyarrow reads its file", day, "{:.2f} s"),
        Figure("a day added: its file loaded, summed, solved and left", added["seconds"], "{:.2f} s"),
    ]  # fmt: skip


def main() -> None:
    parser = options(
        "Measure a ridge over files of small whole numbers beside reading them.",
        quick="1,000,000 rows, one round", full="100,000,000 rows", suffix=".stream_ridge.json",
    )  # fmt: skip
    parser.add_argument("--rows", type=int, help="in all files")
    parser.add_argument("--folder", type=Path, help="where files are made and removed")
    asked = parser.parse_args()
    rows = asked.rows or (1_000_000 if asked.quick else 100_000_000 if asked.full else 10_000_000)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        lines = measure(Path(folder), rows, 1 if asked.quick else 3)
    finish(lines, asked.json, ".stream_ridge.json")


if __name__ == "__main__":
    main()
