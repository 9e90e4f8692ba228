"""The main job measured: ten epochs of softmax regression on Fashion-MNIST, evaluation included.

    python benchmarks/main_job.py [--quick | --full] [--json FILE]

All figures are from this one run on this one machine: how many times faster than the textbook's way, from
Python and in notes of the book run as they stand, how many times slower than the two matrix products alone,
and the memory at the peak. docs/benchmarks.md says what each means. Without the data files there is nothing
to measure, and the script says so.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

import book
import linnet
from linnet.data.dataset import Dataset
from linnet.device import limit_threads
from linnet.notes.run import run_notes
from measure import Figure, finish, load_pictures, options, peak, seconds

NOTES = """```python
import torch
from torch import nn
from d2l import torch as d2l
train_iter, test_iter = d2l.load_data_fashion_mnist(256)
net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
net.apply(lambda m: nn.init.normal_(m.weight, std=0.01) if type(m) == nn.Linear else None)
loss = nn.CrossEntropyLoss(reduction='none')
trainer = torch.optim.SGD(net.parameters(), lr=0.1)
```
```python
d2l.train_ch3(net, train_iter, test_iter, loss, 10, trainer)
```
```python
print(d2l.evaluate_accuracy(net, test_iter))
```
"""
EPOCHS = 10
BATCH = 256
LR = 0.1
THREADS = 1  # what linnet's --threads auto takes for ten classes
IMAGE_BYTES = 70_000 * 784

IDLE = "import torch"
JOB = """
import linnet
from linnet.data.sources import fashion_mnist
train, test = fashion_mnist.SOURCE.load()
linnet.fit(train, test=test, epochs=10, batch_size=256, lr=0.1, device="cpu", show=False)
"""


@dataclass(frozen=True)
class Plan:
    """How often to measure: rounds of (linnet, floor) on each side of the textbook's epochs."""

    rounds: int
    book_epochs: int


@dataclass(frozen=True)
class Times:
    """Seconds for ten epochs, each way; the textbook's may be extrapolated from fewer."""

    linnet: list[float]
    floor: list[float]
    book: float
    book_epochs: int
    book_accuracy: float
    cell: float
    cell_accuracy: float


def fit(train: Dataset, test: Dataset) -> None:
    linnet.fit(train, test=test, epochs=EPOCHS, batch_size=BATCH, lr=LR, device="cpu", show=False)


def floor(train: Dataset) -> None:
    """The two matrix products of every minibatch, on floats that are there already, and nothing else."""
    sizes = [min(BATCH, len(train) - low) for low in range(0, len(train), BATCH)]
    W = torch.zeros(train.outputs, train.features)  # (K, D)
    X = train.X[:BATCH].float() / 255  # (B, D)
    G = torch.zeros(train.outputs, BATCH)  # (K, B)
    scores = {size: torch.empty(train.outputs, size) for size in set(sizes)}  # (K, B)
    with limit_threads(THREADS), torch.inference_mode():
        for size in sizes * EPOCHS:
            torch.mm(W, X[:size].T, out=scores[size])
            W.addmm_(G[:, :size], X[:size])


def measure(train: Dataset, test: Dataset, plan: Plan) -> Times:
    """Time the three ways in turn, so that a change of the machine's pace falls on all of them."""
    ours, products = [], []

    def both() -> None:
        for _ in range(plan.rounds):
            ours.append(seconds(lambda: fit(train, test)))
            products.append(seconds(lambda: floor(train)))

    fit(train, test)  # the first of each also pays for loading libraries and touching memory
    floor(train)
    both()
    epochs = book.train(train, test, epochs=plan.book_epochs, batch_size=BATCH, lr=LR)
    both()
    per_epoch = statistics.fmean(epoch.seconds for epoch in epochs)
    return Times(ours, products, per_epoch * EPOCHS, plan.book_epochs, epochs[-1].test_accuracy, *cell())


def cell() -> tuple[float, float]:
    """The training cell of notes of the book: its seconds in a kernel, drawing included, and the accuracy.

    The medians of three runs, each in a kernel of its own.
    """
    times, shares = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "notes.md")
        path.write_text(NOTES, encoding="utf-8")
        for _ in range(3):
            result = run_notes(path, out=Path(folder, "out"))
            if result.failures:
                sys.exit(f"the notes failed: {result.failures[0]}")
            times.append(result.outcomes[1].seconds)
            shares.append(float(result.outcomes[2].outputs[0].text))
    return statistics.median(times), statistics.median(shares)


def peak_above_idle() -> float:
    """Bytes above an idle `import torch` and the data's own bytes, the median of three runs of each."""
    idle = statistics.median(peak(IDLE) for _ in range(3))
    return statistics.median(peak(JOB) for _ in range(3)) - idle - IMAGE_BYTES


def figures(times: Times, memory: float) -> list[Figure]:
    ours, products = statistics.median(times.linnet), statistics.median(times.floor)
    how = (
        "measured"
        if times.book_epochs == EPOCHS
        else f"{times.book_epochs} measured, × {EPOCHS / times.book_epochs:g}"
    )
    gain, cost, megabytes = times.book / ours, ours / products, memory / 1e6
    in_notes = times.book / times.cell
    return [
        Figure("linnet, 10 epochs", ours, "{:.3f} s"),
        Figure(f"the book's way, 10 epochs ({how})", times.book, "{:.1f} s"),
        Figure("two products alone, 10 epochs", products, "{:.3f} s"),
        Figure("(a) book / linnet", gain, "{:.1f} ×", "≥ 60 (aim 100)", gain >= 60),
        Figure("(b) linnet / products alone", cost, "{:.2f} ×", "≤ 2.5 (aim 2)", cost <= 2.5),
        Figure("(c) peak memory over torch and data", megabytes, "{:.0f} MB", "≤ 150 MB", megabytes <= 150),
        Figure("the book's training cell in notes, 10 epochs", times.cell, "{:.3f} s"),
        Figure("(d) book / the cell, drawing included", in_notes, "{:.1f} ×", "≥ 20", in_notes >= 20),
        Figure("test accuracy, the cell", times.cell_accuracy, "{:.4f}"),
        Figure(f"test accuracy, the book after {times.book_epochs} epochs", times.book_accuracy, "{:.4f}"),
    ]


def main() -> None:
    asked = options(
        "Measure linnet's main job against its targets.",
        quick="one epoch of the book's way, two rounds a side",
        full="all ten epochs of the book's way",
    ).parse_args()
    warnings.filterwarnings("ignore", "This DataLoader will create")  # four workers, as in the book
    if (pictures := load_pictures()) is None:
        return
    train, test = pictures
    plan = Plan(rounds=2 if asked.quick else 5, book_epochs=EPOCHS if asked.full else 1 if asked.quick else 2)
    times = measure(train, test, plan)
    finish(figures(times, peak_above_idle()), asked.json, times=asdict(times))


if __name__ == "__main__":
    main()
