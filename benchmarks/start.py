"""Whole commands measured: training with its report, what is asked of a saved run, and refusals.

    python benchmarks/start.py [--quick] [--json FILE]

Each is a process of its own beside one that only imports what cannot be done without, all in turn; medians
are compared. Training on Fashion-MNIST is compared in seconds of the clock, as it uses two cores: when the
test accuracy is on the screen, and when the prompt is back. What is asked of a saved run of a table made
here, and refusals of bad tables, are compared in seconds of the processor, which other programs change
least.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from linnet.data.sources import fashion_mnist
from measure import Figure, finish, machine, options

TORCH = [sys.executable, "-c", "import torch"]
TABLES = [sys.executable, "-c", "import numpy, pandas"]
LINNET = [sys.executable, "-m", "linnet"]
ROWS = 500

QUESTIONS = {
    "predict": ["predict", "run", "new.csv"],
    "evaluate": ["evaluate", "run"],
    "report": ["report", "run"],
    "export --to numpy": ["export", "run", "--to", "numpy"],
}
"""What is asked of a saved run; the arithmetic of 500 rows takes about a millisecond."""

REFUSALS = {
    "train, a row too long": ["train", "--data", "bad.csv"],
    "train, no such target": ["train", "--data", "new.csv", "--target", "cost"],
    "solve, a row too long": ["solve", "--data", "bad.csv"],
    "predict, a row too long": ["predict", "run", "bad.csv"],
    "evaluate, no such run": ["evaluate", "nowhere"],
    "train, a rate below 0": ["train", "--lr", "-1"],
}


@dataclass
class Taken:
    """What a command took, a number a round.

    Args:
        wall: seconds of the clock.
        processor: of the processor.
        shown: until the test accuracy was printed; of training alone.
        epochs: of the epochs themselves; likewise.
    """

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    epochs: list[float] = field(default_factory=list)


def take(command: list[str], folder: Path, taken: Taken, fails: bool = False) -> None:
    """Run a command in a folder and add what it took."""
    start, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("test accuracy"):
            taken.shown.append(time.perf_counter() - start)
    code, after = process.wait(), os.times()
    if (code != 0) != fails:
        sys.exit(f"{' '.join(command)} ended with {code}:\n{''.join(lines)}")
    taken.wall.append(time.perf_counter() - start)
    used = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    taken.processor.append(used)


def make_tables(folder: Path) -> None:
    """A table with numbers and a category, new rows of it, and one with a row that is too long."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, ROWS))
    kind = rng.choice(["x", "y", "z"], ROWS)
    price = 2 * a + b + 3 * (kind == "x") + rng.normal(size=ROWS)
    rows = [f"{p:.6f},{q:.6f},{k}" for p, q, k in zip(a, b, kind, strict=True)]
    (folder / "new.csv").write_text("\n".join(["a,b,kind", *rows]) + "\n")
    whole = [f"{row},{number:.6f}" for row, number in zip(rows, price, strict=True)]
    (folder / "table.csv").write_text("\n".join(["a,b,kind,price", *whole]) + "\n")
    (folder / "bad.csv").write_text("\n".join(["a,b,kind,price", *whole, "1,2,x,3,4"]) + "\n")


def in_turn(rounds: int, commands: dict[str, Callable[[Taken], None]]) -> dict[str, Taken]:
    """Run every command once unmeasured, then all in turn, so that its pace falls on all of them."""
    for work in commands.values():
        work(Taken())
    found = {name: Taken() for name in commands}
    for _ in range(rounds):
        for name, work in commands.items():
            work(found[name])
    return found


def training(rounds: int) -> list[Figure]:
    """Fashion-MNIST as `linnet train` trains on it, beside `import torch` and the seconds of its epochs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def train(taken: Taken) -> None:
            shutil.rmtree(folder / "run", ignore_errors=True)
            take([*LINNET, "train", "--data", "fashion_mnist", "--out", "run"], folder, taken)
            taken.epochs.append(json.loads((folder / "run" / "run.json").read_text())["seconds"])

        found = in_turn(rounds, {"torch": lambda taken: take(TORCH, folder, taken), "train": train})
    ours, torch = found["train"], statistics.median(found["torch"].wall)
    epochs = statistics.median(ours.epochs)
    base = torch + epochs
    shown, whole = statistics.median(ours.shown) / base, statistics.median(ours.wall) / base
    return [
        Figure("import torch", torch, "{:.2f} s"),
        Figure("ten epochs", epochs, "{:.2f} s"),
        Figure("train: accuracy on the screen / both", shown, "{:.2f} ×", "≤ 1.15 (aim 1.05)", shown <= 1.15),
        Figure("train: prompt back / both", whole, "{:.2f} ×", "≤ 1.4 (aim 1.2)", whole <= 1.4),
    ]


def asking(rounds: int) -> list[Figure]:
    """What is asked of a saved run, and refusals, beside `import numpy, pandas`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_tables(folder)
        take([*LINNET, "train", "--data", "table.csv", "--out", "run", "--quiet"], folder, Taken())
        commands = {"base": lambda taken: take(TABLES, folder, taken)}
        for title, words in QUESTIONS.items():
            commands[title] = lambda taken, words=words: take([*LINNET, *words], folder, taken)
        for title, words in REFUSALS.items():
            commands[title] = lambda taken, words=words: take([*LINNET, *words], folder, taken, fails=True)
        found = in_turn(rounds, commands)
    times = {title: statistics.median(taken.processor) for title, taken in found.items()}
    base = times.pop("base")
    lines = [Figure("import numpy, pandas", base, "{:.2f} s")]
    for title, took in times.items():
        most, what = (1.5, "") if title in QUESTIONS else (1.2, "refused: ")
        lines.append(Figure(f"{what}{title}", took / base, "{:.2f} ×", f"≤ {most:g}", took / base <= most))
    return lines


def main() -> None:
    given = options(
        "Measure whole commands against their targets.",
        quick="three rounds in place of five",
        suffix=".start.json",
    ).parse_args()
    rounds = 3 if given.quick else 5
    print(machine(), flush=True)
    lines = asking(rounds)
    if fashion_mnist.SOURCE.is_there():
        lines = training(rounds) + lines
    else:
        print("Training is left out: it needs Fashion-MNIST.")
    finish(lines, given.json, ".start.json")


if __name__ == "__main__":
    main()
