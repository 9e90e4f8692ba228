"""An epoch over files beside reading them alone and an epoch in memory, and the memory that it takes.

    python benchmarks/stream.py [--quick] [--full] [--size MB] [--json FILE]

Embeddings of 512 features in 100 classes are made, of 1 GB as they are stored (8 GB with `--full`, 100 MB
with `--quick`), in one format after another; each file is removed before the next is made. An epoch of
`linnet.fit` with `stream=True` is compared with the longer of two things, each in a process of its own with
the page cache warm from the writing, in alternating order: pyarrow reading the column of the same file batch
by batch, and an epoch over as many rows in memory. Memory is what the process held at most of its own
(RssAnon and RssShmem), less that of one that has imported torch and does nothing; the process of a stream may
have no more than 2 GB (RLIMIT_DATA), beyond which it would end with an error.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from measure import Figure, finish, machine, options

FEATURES, CLASSES, GROUP = 512, 100, 50_000
SLOWER, MEMORY = 1.3, 450e6
"""The targets: times the longer of both, and bytes."""

FORMATS = {
    "Parquet float32": ("parquet", "float32", {"use_dictionary": False}),
    "Parquet float16, dictionaries": ("parquet", "float16", {"use_dictionary": True}),
    "Parquet float16": ("parquet", "float16", {"use_dictionary": False}),
    "Arrow float16": ("arrow", "float16", {}),
}
"""The file's suffix, the type of its numbers, and how it is written."""

CHILD = """
import json, sys, time
import torch
from held import Peak

path, peak = sys.argv[1], Peak()
{work}
print(json.dumps({{"seconds": seconds, "memory": peak.end()}}))
"""

READ = """
import pyarrow as pa, pyarrow.parquet as pq
began = time.perf_counter()
if path.endswith(".parquet"):
    for batch in pq.ParquetFile(path, memory_map=True).iter_batches(65536, columns=["embedding"]):
        pass
else:
    import numpy as np
    reader = pa.ipc.open_file(pa.memory_map(path))
    for number in range(reader.num_record_batches):
        np.array(reader.get_batch(number).column(0).flatten())
seconds = time.perf_counter() - began
"""

STREAM = """
import resource
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))  # of memory of its own, 2 GB
import linnet
rows = linnet.load(path, stream=True, split="none").train
seconds = linnet.fit(rows, epochs=2, batch_size=256).history.last["seconds"]
"""

WITHIN = """
import linnet
rows = linnet.load(path, stream=True, split="none").train
rows = linnet.Dataset(rows.X[:], rows.y, classes=rows.classes)
seconds = linnet.fit(rows, epochs=2, batch_size=256).history.last["seconds"]
"""

WAYS = {"reading": READ, "in memory": WITHIN, "stream": STREAM}


def batches(rows: int, kind: str) -> Iterator[Any]:
    """Record batches of embeddings, each about a mean of its class."""
    import pyarrow as pa

    rng = np.random.default_rng(0)
    means = rng.normal(size=(CLASSES, FEATURES)).astype(np.float32) * 0.12
    for low in range(0, rows, GROUP):
        y = rng.integers(0, CLASSES, min(GROUP, rows - low))
        X = rng.standard_normal((len(y), FEATURES), dtype=np.float32) + means[y]
        lists = pa.FixedSizeListArray.from_arrays(pa.array(X.astype(kind).ravel()), FEATURES)
        yield pa.record_batch({"embedding": lists, "label": pa.array(y.astype(np.int32))})


def write(path: Path, rows: int, kind: str, how: dict[str, Any]) -> None:
    """A file of embeddings, never held whole."""
    import pyarrow as pa
    from pyarrow import parquet

    parts = batches(rows, kind)
    first = next(parts)
    if path.suffix == ".parquet":
        with parquet.ParquetWriter(path, first.schema, **how) as writer:
            for part in itertools.chain([first], parts):
                writer.write_table(pa.Table.from_batches([part]), row_group_size=GROUP)
        return
    with pa.ipc.new_file(path, first.schema) as writer:
        for part in itertools.chain([first], parts):
            writer.write_batch(part)


def run(way: str, path: Path) -> dict[str, float]:
    """What a way takes in a process of its own: seconds, and bytes held at most."""
    seen = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"OMP_WAIT_POLICY": "passive", "PYTHONPATH": seen}
    ended = subprocess.run(
        [sys.executable, "-c", CHILD.format(work=WAYS[way]), str(path)], env=environment,
        capture_output=True, text=True,
    )  # fmt: skip
    if ended.returncode:
        sys.exit(f"{way} of {path.name} ended with {ended.returncode}:\n{ended.stderr}")
    return json.loads(ended.stdout.splitlines()[-1])


def measure(name: str, folder: Path, size: int, rounds: int) -> list[Figure]:
    """A format, its file made and removed."""
    suffix, kind, how = FORMATS[name]
    path = folder / f"embeddings.{suffix}"
    rows = size * 1_000_000 // (FEATURES * np.dtype(kind).itemsize)
    write(path, rows, kind, how)
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for turn in range(rounds):
        for way in WAYS if turn % 2 == 0 else reversed(WAYS):
            found[way].append(run(way, path))
    path.unlink()
    seconds = {way: statistics.median(one["seconds"] for one in all_) for way, all_ in found.items()}
    memory = max(one["memory"] for one in found["stream"])
    longer = max("reading", "in memory", key=seconds.__getitem__)
    ratio, title = seconds["stream"] / seconds[longer], f"{name}, {rows:,} rows"
    is_quick, is_light = ratio <= SLOWER, memory <= MEMORY
    most = f"≤ {MEMORY / 1e6:.0f}"
    return [
        Figure(f"{title}: pyarrow reads the column", seconds["reading"], "{:.2f} s"),
        Figure(f"{title}: an epoch in memory", seconds["in memory"], "{:.2f} s"),
        Figure(f"{title}: an epoch of the stream", seconds["stream"], "{:.2f} s"),
        Figure(f"{title}: the stream / the longer ({longer})", ratio, "{:.2f} ×", f"≤ {SLOWER}", is_quick),
        Figure(f"{title}: memory of the stream", memory / 1e6, "{:,.0f} MB", most, is_light),
    ]  # fmt: skip


def main() -> None:
    parser = options(
        "Measure epochs over files beside reading and memory.", quick="100 MB a file, one round",
        full="8 GB a file", suffix=".stream.json",
    )  # fmt: skip
    parser.add_argument("--size", type=int, metavar="MB", help="of each file")
    asked = parser.parse_args()
    size = asked.size or (100 if asked.quick else 8000 if asked.full else 1000)
    print(machine(), flush=True)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS:
            lines += measure(name, Path(folder), size, 1 if asked.quick else 3)
            print(f"  {lines[-2].name}: {lines[-2].measured:.2f}, {lines[-1].measured:,.0f} MB", flush=True)
    finish(lines, asked.json, ".stream.json")


if __name__ == "__main__":
    main()
