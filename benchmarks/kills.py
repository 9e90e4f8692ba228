"""Training that is killed again and again comes to the same weights, bit for bit.

    python benchmarks/kills.py [--quick] [--json FILE]

`torchrun --max-restarts` trains in two processes, of rows in memory and of streams in Parquet and in Arrow
files, and is killed without notice (SIGKILL): in turn one of its processes, which the launcher starts again,
and the whole job, which is begun again with the same words and `--resume`. A kill comes at a random moment of
the training, once a checkpoint has been written since the last. The weights are compared with those of the
same job that nobody has killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from linnet.model.predictor import Predictor
from measure import Figure, finish, machine, options

KILLS = 30
"""The target: kills survived."""

FEATURES, ROWS, EPOCHS = 64, 8_000, 60


def write_rows(folder: Path) -> None:
    """Rows of three classes, as Parquet in 20 row groups, as Arrow, and as an array in memory is read."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, ROWS)
    X = (rng.normal(size=(ROWS, FEATURES)) + 0.3 * y[:, None]).astype(np.float32)
    table = pd.DataFrame({f"x{k}": X[:, k] for k in range(FEATURES)} | {"label": y.astype(str)})
    table.to_parquet(folder / "rows.parquet", row_group_size=ROWS // 20)
    table.to_feather(folder / "rows.arrow", compression="uncompressed")
    np.savez(folder / "rows.npz", X=X, y=y)


def command(data: Path, out: Path) -> list[str]:
    """The job, which goes on in its folder if it has begun."""
    words = ["--data", str(data), "--epochs", str(EPOCHS), "--batch-size", "64", "--lr", "0.01"]
    if data.suffix != ".npz":
        words += ["--stream", "--target", "label"]
    return [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts", "100",
        "-m", "linnet", "train", *words, "--optimizer", "momentum", "--checkpoint-minutes", "0.002",
        "--no-report", "--quiet", "--resume", str(out),
    ]  # fmt: skip


def start(data: Path, out: Path) -> subprocess.Popen[bytes]:
    """The job under way, in a session of its own, so that all of it can be killed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        command(data, out), env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def children(parent: int) -> list[int]:
    """The processes that a process has started and that are there still."""
    found = list[int]()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(words[1]) == parent and words[0] != "Z":
            found.append(int(entry.parent.name))
    return sorted(found)


def kill(process: int) -> bool:
    """End a process without notice; whether it was there."""
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def kill_until_done(data: Path, out: Path, kills: int, chance: random.Random) -> dict[str, int]:
    """Run the job to its end, killing it so often on the way: how often a process, and all of them."""
    checkpoint, job, done = out / "checkpoint.safetensors", start(data, out), {"process": 0, "job": 0}
    while sum(done.values()) < kills and job.poll() is None:
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while job.poll() is None and (not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before):
            time.sleep(0.005)
        time.sleep(chance.random() * 0.2)
        if job.poll() is not None:
            break
        own = children(job.pid)
        if done["process"] <= done["job"] and own:
            done["process"] += kill(chance.choice(own))
            continue
        for one in (job.pid, *own):  # the launcher first, which would start them again
            kill(one)
        job.wait()
        done["job"] += 1
        job = start(data, out)
    if job.wait():
        raise SystemExit(f"the job on {data.name} ended with {job.returncode}")
    return done


def main() -> None:
    """Kill, compare and print."""
    parser = options("Kill training again and again.", quick="three kills", suffix=".kills.json")
    asked = parser.parse_args()
    each = 1 if asked.quick else KILLS // 3
    print(machine(), flush=True)
    lines, survived, chance = list[Figure](), 0, random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder)
        for suffix in (".npz", ".parquet", ".arrow"):
            data = folder / f"rows{suffix}"
            whole, killed = folder / f"whole{suffix[1:]}", folder / f"killed{suffix[1:]}"
            if start(data, whole).wait():
                raise SystemExit(f"the job on {data.name} failed")
            done = kill_until_done(data, killed, each, chance)
            models = [Predictor.open(one) for one in (whole, killed)]
            is_same = all(
                np.array_equal(getattr(models[0], part), getattr(models[1], part)) for part in ("W", "b")
            )
            what = f"{data.name}: {done['process']} processes and {done['job']} jobs killed"
            lines.append(Figure(f"{what}: weights differ", 0.0 if is_same else 1.0, "{:.0f}", "0", is_same))
            survived += sum(done.values()) * is_same
            print(f"  {what}: {'the same' if is_same else 'other'} weights", flush=True)
    lines.append(Figure("kills survived", survived, "{:.0f}", f"≥ {3 * each}", survived >= 3 * each))
    finish(lines, asked.json, ".kills.json")


if __name__ == "__main__":
    main()
