"""What the benchmarks share: options, clocks, peaks of memory, and the table that each prints."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

import linnet
from linnet.data.dataset import Dataset
from linnet.data.sources import fashion_mnist
from linnet.device import available_cores
from linnet.errors import DataError

# VmHWM belongs to the process alone; ru_maxrss starts from what the parent held, so it comes second.
PEAK = """
import resource, sys
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
except OSError:
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print("PEAK", peak)
"""

BEGAN = time.perf_counter()
"""When the script began, but for what it imported before this."""

ANY = "as without it: nothing here is cut short"


@dataclass(frozen=True)
class Figure:
    """One line of the table; a figure without a target is there to be read.

    Args:
        name: what was measured.
        measured: the number.
        form: how it is printed.
        target: in words.
        met: whether it is.
        memory: bytes held at the peak beside what was held before; None where that is not measured.
    """

    name: str
    measured: float
    form: str
    target: str = ""
    met: bool | None = None
    memory: float | None = None

    def row(self) -> tuple[str, str, str, str, str]:
        met = {None: "", True: "yes", False: "NO"}[self.met]
        peak = "" if self.memory is None else f"{self.memory / 1e6:,.0f} MB"
        return self.name, self.form.format(self.measured), peak, self.target, met


def options(
    description: str, *, quick: str, full: str = ANY, suffix: str = "", is_cpu: bool = False
) -> argparse.ArgumentParser:
    """A parser of the options that every benchmark has.

    Args:
        description: of what is measured.
        quick: what `--quick` does.
        full: what `--full` does.
        suffix: of the file of figures.
        is_cpu: whether `--cpu` is one of them.
    """
    parser = argparse.ArgumentParser(description=description)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help=quick)
    length.add_argument("--full", action="store_true", help=full)
    what = f"also write the figures to FILE{suffix}"
    parser.add_argument("--json", type=Path, metavar="FILE", help=what)
    if is_cpu:
        parser.add_argument("--cpu", action="store_true", help="seconds of the processor: for a busy machine")
    return parser


def clock_of(asked: argparse.Namespace) -> Callable[[], float]:
    """The clock that was asked for."""
    return time.process_time if asked.cpu else time.perf_counter


def load_pictures() -> tuple[Dataset, Dataset] | None:
    """Fashion-MNIST to train on and to test on; None, and it is said, where its files are not there."""
    try:
        train, test = fashion_mnist.SOURCE.load()
    except DataError as error:
        print(f"Skipped: the benchmark needs Fashion-MNIST.\n{error}")
        return None
    assert test is not None, "Fashion-MNIST has a test set"
    print(machine(), flush=True)
    return train, test


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long something takes, once."""
    start = clock()
    work()
    return clock() - start


def take_turns(
    sides: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter,
    agreed: float = 0.0,
) -> dict[str, float]:  # fmt: skip
    """The median of the seconds of each side, which alternate, so that the machine's pace falls on all.

    Args:
        sides: what to time, by name.
        rounds: at most.
        clock: of seconds.
        agreed: rounds end after the second if each side's differ by less than this share of the shorter.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for done in range(rounds):
        if done >= 2 and all(max(found) < (1 + agreed) * min(found) for found in times.values()):
            break
        for name, work in sides.items():
            times[name].append(seconds(work, clock))
    return {name: statistics.median(found) for name, found in times.items()}


def peak(code: str) -> int:
    """The bytes a fresh Python held at most while it ran some code."""
    command = [sys.executable, "-c", code + "\n" + PEAK]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(output.rsplit("PEAK", 1)[1])


def peak_of(work: Callable[[], object]) -> float | None:
    """The bytes that some work holds at most beside what was held before; None where Linux does not tell."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak is from now on
        before = _held("VmRSS")
    except OSError:
        return None
    work()
    return float(max(0, _held("VmHWM") - before))


def _held(which: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))


def table(lines: list[Figure]) -> str:
    """The figures as a Markdown table with even columns; that of memory where some have it."""
    rows = [("figure", "measured", "peak memory", "target", "met"), *(line.row() for line in lines)]
    if all(line.memory is None for line in lines):
        rows = [(*row[:2], *row[3:]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    text.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(text)


def processor() -> str:
    """The processor's name, as well as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine() -> str:
    """Processor, cores and versions, as every table is headed."""
    return (
        f"{processor()}, {available_cores()} of {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, linnet {linnet.__version__}"
    )


def known(number: float) -> float | None:
    """A number as JSON has it; None where it is none, which JSON cannot say."""
    return number if math.isfinite(number) else None


def finish(lines: list[Figure], json_file: Path | None, suffix: str = "", **more: object) -> None:
    """Print the table and how long it took, and write both to FILE with a suffix where a file is given."""
    took = time.perf_counter() - BEGAN
    print(f"{table(lines)}\n{Path(sys.argv[0]).name} took {took:.0f} s")
    if json_file is None:
        return
    report = {
        "machine": machine(),
        "seconds": round(took, 1),
        **more,
        "figures": [asdict(line) | {"measured": known(line.measured)} for line in lines],
    }
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (json_file.with_suffix(suffix) if suffix else json_file).write_text(text, encoding="utf-8")
