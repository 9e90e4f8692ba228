"""Two processes beside one with one thread, at a bank of 32 models: rows a second, and what sums cost.

    python benchmarks/processes.py [--quick] [--json FILE]

Pixels of the size of Fashion-MNIST are made in memory. A sweep of 32 rates is trained by one process with one
thread on one core, where nothing is gathered ahead by the other, and by two such processes, which
torch.distributed joins over gloo: sharing the rows of each minibatch, where gradients are added up at each
step, sharing the models, and as `parallel="auto"` chooses. Epochs are timed within the processes, from the
end of the first; orders alternate, medians count.
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

from measure import Figure, finish, machine, options

FASTER = 1.8
"""The target: rows a second of two processes over those of one."""

BATCHES = (256, 1024)

WORDS = {"rows": "sharing rows", "models": "sharing models", "auto": "as auto chooses"}

CHILD = """
import json, os, sys, time
os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[int(sys.argv[1])]})
import torch
import torch.distributed as distributed
import linnet
from linnet.dist.processes import current

rank, size, folder, parallel, batch, rows, epochs = sys.argv[1:]
if int(size) > 1:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=int(rank), world_size=int(size)
    )
source = torch.Generator().manual_seed(0)
y = torch.randint(0, 10, (int(rows),), generator=source)
X = torch.randint(0, 256, (int(rows), 784), generator=source, dtype=torch.uint8)
data = linnet.Dataset(X, y, "pixels", tuple("abcdefghij"), (28, 28), 1 / 255)
times, sums = [], []

def end(state):
    times.append(time.perf_counter())
    sums.append(current().seconds)

grid = {"lr": [0.01 * 1.1**k for k in range(32)]}
linnet.sweep(data, grid, epochs=int(epochs), batch_size=int(batch), validation=0.02, threads=1, show=False,
             parallel=parallel, callbacks=[end])
if int(rank) == 0:
    took = times[-1] - times[0]
    done = 0.98 * int(rows) * (len(times) - 1)
    print(json.dumps({"rows": done / took, "share": (sums[-1] - sums[0]) / took}))
if int(size) > 1:
    distributed.destroy_process_group()
"""


def measure(size: int, parallel: str, batch: int, rows: int, epochs: int) -> dict[str, float]:
    """Rows a second of so many processes, and the share of the time that sums take."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "child.py")
        script.write_text(CHILD)
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        words = [folder, parallel, str(batch), str(rows), str(epochs)]
        under_way = [
            subprocess.Popen(
                [sys.executable, str(script), str(rank), str(size), *words], env=environment,
                stdout=subprocess.PIPE, text=True,
            )
            for rank in range(size)
        ]  # fmt: skip
        said = [one.communicate()[0] for one in under_way]
        if any(one.returncode for one in under_way):
            raise SystemExit(f"a process failed: {said}")
        return json.loads(said[0].splitlines()[-1])


def compare(batch: int, rows: int, epochs: int, rounds: int) -> list[Figure]:
    """One process and two in each way, in turn."""
    ways = {"one": (1, "rows"), "rows": (2, "rows"), "models": (2, "models"), "auto": (2, "auto")}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else list(ways)[::-1]:
            found[name].append(measure(*ways[name], batch, rows, epochs))
    middle: dict[str, Any] = {
        name: {key: statistics.median(one[key] for one in each) for key in each[0]}
        for name, each in found.items()
    }
    one, figures = middle["one"]["rows"], list[Figure]()
    figures.append(Figure(f"batches of {batch}: one process, one thread", one, "{:,.0f} rows/s"))
    for name in ("rows", "models", "auto"):
        what, both = f"batches of {batch}: two processes, {WORDS[name]}", middle[name]
        is_met = both["rows"] >= FASTER * one
        figures.append(Figure(f"{what}: share of the time in sums", both["share"], "{:.0%}"))
        ratio = both["rows"] / one
        if name == "auto":
            figures.append(Figure(f"{what} / one", ratio, "{:.2f} ×", f"≥ {FASTER}", is_met))
        else:
            figures.append(Figure(f"{what} / one", ratio, "{:.2f} ×"))
    return figures


def main() -> None:
    """Measure and print."""
    parser = options(
        "Measure two processes beside one.", quick="20,000 rows, one round", suffix=".processes.json"
    )
    asked = parser.parse_args()
    rows, epochs, rounds = (20_000, 3, 1) if asked.quick else (60_000, 4, 3)
    print(machine(), flush=True)
    lines = [one for batch in BATCHES for one in compare(batch, rows, epochs, rounds)]
    finish(lines, asked.json, ".processes.json")


if __name__ == "__main__":
    main()
