"""The book's chapters 3.6, 4.2, 4.3 and 4.6 measured: as scripts and as notes, beside the book's own way.

    python benchmarks/book_scripts.py [--quick] [--json FILE]

A chapter is a file of `benchmarks/chapters`, whose own loops and layers are the same each way: only the line
that imports d2l differs. The book's way is `book_d2l`. Each way is a process of its own with torch's default
threads, in turn with the others, on the machine as it is and beside a program that keeps one core busy.
linnet's ways are measured whole. Of the book's, one epoch and three are, and the other seven are taken to
last as long as its second and third, which the table states: what a first epoch alone costs, imports of
torch among it, is counted once. Figures are printed as soon as they are there, too.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linnet.data.sources import fashion_mnist
from measure import Figure, finish, machine

HOME = Path(__file__).parent
CHAPTERS = {
    "softmax_scratch": "3.6 softmax from scratch",
    "mlp_scratch": "4.2 MLP from scratch",
    "mlp": "4.3 MLP by layers",
    "dropout": "4.6 dropout from scratch",
}
QUICK = ("softmax_scratch", "mlp_scratch")
IMPORT, EPOCHS = "from d2l import torch as d2l", "num_epochs = 10"
TOTAL, FEW = 10, (1, 3)
"""Epochs that figures are of, and those of the two runs that the book's ten are reckoned from."""
TARGET = 8
BUSY = "import numpy\na = numpy.ones((512, 512), numpy.float32)\nwhile True:\n    a @ a\n"


@dataclass(frozen=True)
class Taken:
    """What a chapter took and came to.

    Args:
        training: seconds of the clock of all epochs.
        whole: of the whole process, imports and all.
        loss: at the end.
        accuracy: of the test set at the end.
    """

    training: float
    whole: float
    loss: float
    accuracy: float


def free_environment() -> dict[str, str]:
    """The environment of a way: torch's default threads, and the book's way to be imported."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OMP_", "GOMP_", "PYTHONDONT"))
    }
    return kept | {
        "PYTHONPATH": os.pathsep.join([str(HOME), kept.get("PYTHONPATH", "")]),
        "MPLBACKEND": "agg",
    }


def run(command: list[str], folder: Path) -> tuple[float, str]:
    """Run a command in a folder: its seconds and what it printed."""
    start = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=free_environment(), capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return time.perf_counter() - start, ended.stdout


def read(whole: float, printed: str) -> Taken:
    """What a chapter printed."""
    number = {
        name: float(value) for name, value in re.findall(r"\b(seconds|loss|accuracy) (\d[\d.e-]*)", printed)
    }
    return Taken(number["seconds"], whole, number["loss"], number["accuracy"])


def reckon(one: Taken, more: Taken) -> Taken:
    """What ten epochs take, from runs of `FEW` epochs; loss and accuracy are those of the longer run."""
    first, several = FEW
    training = one.training + (more.training - one.training) / (several - first) * (TOTAL - first)
    return dataclasses.replace(more, training=training, whole=one.whole - one.training + training)


def as_script(chapter: str, line: str, epochs: int) -> Taken:
    """A chapter as a script that imports d2l by a line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chapter.py")
        text = (HOME / "chapters" / f"{chapter}.py").read_text(encoding="utf-8")
        path.write_text(
            text.replace(IMPORT, line).replace(EPOCHS, f"num_epochs = {epochs}"), encoding="utf-8"
        )
        return read(*run([sys.executable, str(path)], Path(folder)))


def as_notes(chapter: str, epochs: int) -> Taken:
    """A chapter as it stands by `linnet run`, page and notebook included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chapter.py")
        text = (HOME / "chapters" / f"{chapter}.py").read_text(encoding="utf-8")
        path.write_text(text.replace(EPOCHS, f"num_epochs = {epochs}"), encoding="utf-8")
        whole, _ = run([sys.executable, "-m", "linnet", "run", str(path), "--out", "out"], Path(folder))
        book = json.loads(Path(folder, "out", "chapter.ipynb").read_text(encoding="utf-8"))
        outputs = [output for cell in book["cells"] for output in cell.get("outputs", [])]
        return read(whole, "".join("".join(output.get("text", "")) for output in outputs))


@contextlib.contextmanager
def busy_core() -> Iterator[None]:
    """A program that keeps one core busy meanwhile."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", BUSY], env=environment)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(chapter: str, state: str, is_full: bool) -> list[Figure]:
    """A chapter each way, one after another."""

    def book(epochs: int) -> Taken:
        return as_script(chapter, "import book_d2l as d2l", epochs)

    own = {
        "script": as_script(chapter, "from linnet import d2l", TOTAL),
        "linnet run": as_notes(chapter, TOTAL),
    }
    theirs = book(TOTAL) if is_full else reckon(*(book(epochs) for epochs in FEW))
    name, target = f"{CHAPTERS[chapter]}, {state}", f"≥ {TARGET} (aim 15)"
    how = "measured" if is_full else f"{FEW[1]} epochs measured, the others like the last {FEW[1] - FEW[0]}"
    lines = [Figure(f"{name}: the book's way ({how})", theirs.whole, "{:.1f} s")]
    for way, taken in own.items():
        alone, ratio = theirs.training / taken.training, theirs.whole / taken.whole
        lines += [
            Figure(f"{name}: {way}", taken.whole, "{:.1f} s"),
            Figure(f"{name}: the book's training / that of {way}", alone, "{:.1f} ×"),
            Figure(f"{name}: the book's way / {way}", ratio, "{:.1f} ×", target, ratio >= TARGET),
        ]
        if is_full:
            lines.append(Figure(f"{name}: {way}, loss less the book's", taken.loss - theirs.loss, "{:+.3f}"))
    return lines


def _show(lines: list[Figure], start: float) -> list[Figure]:
    """Print figures as soon as they are there, which a run that is stopped leaves."""
    print(f"after {time.perf_counter() - start:.0f} s:", flush=True)
    for line in lines:
        print(f"  {line.name}: {line.form.format(line.measured)}", flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure chapters of the book beside the book's own way.")
    parser.add_argument("--quick", action="store_true", help="two chapters")
    parser.add_argument("--full", action="store_true", help="all ten epochs of the book's way, too")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the figures to FILE.chapters.json"
    )
    asked = parser.parse_args()
    if fashion_mnist.SOURCE.find() is None:
        print("Skipped: the benchmark needs Fashion-MNIST, which `linnet data fetch fashion-mnist` brings.")
        return
    print(machine(), flush=True)
    lines, start = list[Figure](), time.perf_counter()
    for chapter in QUICK if asked.quick else CHAPTERS:
        lines += _show(measure(chapter, "as it is", asked.full), start)
        with busy_core():
            lines += _show(measure(chapter, "beside a busy core", asked.full), start)
    finish(lines, asked.json, ".chapters.json")


if __name__ == "__main__":
    main()
