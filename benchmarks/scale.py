"""A model of what a step costs, measured on this machine, held against it, and used to predict larger ones.

    python benchmarks/scale.py [--quick] [--json FILE]

A step of R processes that share the rows of a minibatch of B takes

    t = f + c B / R + a + b G

f and c being fitted to one process's steps of several B, and a and b to the time that two processes take to
add up arrays of several sizes; G is the size of the gradient. What the model says of two processes is printed
beside what they take. For GPUs the same formula is filled with figures of data sheets, none of them measured:
c from arithmetic at 40 % of a data sheet's, b from the link between machines, and reading from their disks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from measure import Figure, finish, machine, options
from processes import measure

SUMS = """
import json, sys, time
import torch
import torch.distributed as distributed

rank, size, folder = sys.argv[1:]
torch.set_num_threads(1)
distributed.init_process_group(
    "gloo", init_method=f"file://{folder}/meeting", rank=int(rank), world_size=int(size)
)
found = {}
for count in (1, 1000, 10_000, 100_000, 1_000_000):
    values = torch.zeros(count)
    times = []
    for _ in range(40):
        began = time.perf_counter()
        distributed.all_reduce(values)
        times.append(time.perf_counter() - began)
    found[4 * count] = sorted(times)[len(times) // 2]
print(json.dumps(found))
distributed.destroy_process_group()
"""

BATCHES, FAR = (128, 512, 2048), 1.5
"""Minibatches that the model is fitted to, and how many times off it may be elsewhere."""

MODELS, CLASSES, FEATURES = 32, 10, 784


class Cluster(NamedTuple):
    """GPUs, by their data sheet.

    Args:
        flops: multiplications and additions a second of one (bf16 with float32 sums), of which 40 % are had.
        link: bytes a second from one to the others.
        delay: of a sum over all of them, seconds for each doubling of their number.
        disk: bytes a second that each can be given.
    """

    flops: float
    link: float
    delay: float
    disk: float


H200 = Cluster(flops=990e12, link=50e9, delay=10e-6, disk=3e9)
"""An H200 SXM with a 400 Gb/s network card and a local NVMe disk each."""

ROWS, WIDE, MANY, BATCH = 10**9, 1024, 1000, 65_536


def fit_line(x: list[float], y: list[float]) -> tuple[float, float]:
    """The least-squares line, relative errors counting: its value at 0 and its slope, neither negative."""
    weights = 1 / np.asarray(y)
    columns = np.stack([np.ones(len(x)), np.asarray(x)], 1) * weights[:, None]
    level, slope = np.linalg.lstsq(columns, np.asarray(y) * weights, rcond=None)[0].tolist()
    return max(level, 0.0), max(slope, 0.0)


def time_sums() -> dict[int, float]:
    """Seconds that two processes take to add up arrays, by their bytes."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "child.py")
        script.write_text(SUMS)
        under_way = [
            subprocess.Popen(
                [sys.executable, str(script), str(rank), "2", folder], stdout=subprocess.PIPE, text=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
            for rank in range(2)
        ]  # fmt: skip
        said = [one.communicate()[0] for one in under_way]
    return {int(size): seconds for size, seconds in json.loads(said[0]).items()}


def predict(gpus: int, cluster: Cluster = H200) -> tuple[float, float]:
    """Seconds of an epoch over `ROWS` embeddings in bf16 on GPUs: arithmetic and sums, and reading."""
    product = 4 * WIDE * MANY / (0.4 * cluster.flops)  # seconds a row: scores and gradient
    size = 4 * MANY * (WIDE + 1)
    summing = cluster.delay * np.log2(gpus) + 2 * (gpus - 1) / gpus * size / cluster.link
    steps = ROWS / BATCH
    return steps * (product * BATCH / gpus + summing), ROWS * WIDE * 2 / (gpus * cluster.disk)


def main() -> None:
    """Measure, hold against, predict and print."""
    parser = options("Model and measure steps.", quick="fewer rows", suffix=".scale.json")
    asked = parser.parse_args()
    rows, epochs = (10_000, 2) if asked.quick else (60_000, 3)
    print(machine(), flush=True)
    one = {batch: batch / measure(1, "rows", batch, rows, epochs)["rows"] for batch in BATCHES}
    level, slope = fit_line([float(batch) for batch in one], list(one.values()))
    sums = time_sums()
    delay, each = fit_line([float(size) for size in sums], list(sums.values()))
    lines = [
        Figure("a step of one process, before any row", 1e3 * level, "{:.3f} ms"),
        Figure("a row of it, 32 models of 784 × 10", 1e6 * slope, "{:.2f} µs"),
        Figure("a sum over two processes, before any number", 1e3 * delay, "{:.3f} ms"),
        Figure("a megabyte of it", 1e9 * each, "{:.3f} ms"),
    ]
    size = 4 * MODELS * CLASSES * (FEATURES + 1)
    for batch in (256, 1024, 4096):
        said = level + slope * batch / 2 + delay + each * size
        found = batch / measure(2, "rows", batch, rows, epochs)["rows"]
        off = max(said / found, found / said)
        lines += [
            Figure(f"two processes, batches of {batch}: a step", 1e3 * found, "{:.2f} ms"),
            Figure(f"two processes, batches of {batch}: model / measured", said / found, "{:.2f} ×",
                   f"within {FAR} ×", off <= FAR),
        ]  # fmt: skip
    for gpus in (8, 16, 32, 64, 128, 256):
        computing, reading = predict(gpus)
        title = f"prediction, 10⁹ × 1,024 × 1,000 on {gpus} GPUs, not measured"
        lines += [
            Figure(f"{title}: products and sums of an epoch", computing, "{:.1f} s"),
            Figure(f"{title}: reading it", reading, "{:.1f} s"),
        ]
    finish(lines, asked.json, ".scale.json")


if __name__ == "__main__":
    main()
