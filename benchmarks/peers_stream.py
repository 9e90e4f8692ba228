"""One epoch over a file beside scikit-learn, Vowpal Wabbit and river: rows a second, memory and log loss.

    python benchmarks/peers_stream.py [--quick] [--json FILE]

Embeddings of 512 features in 100 classes that overlap are made once: normal about the mean of their class. Of
such rows softmax is the right model and one-vs-rest, which the others do, is not quite; the least log loss
that there is stands in the table. linnet and scikit-learn go through all 500,000 in an uncompressed Arrow
file of float32 (1 GB), which pyarrow maps and neither has to decode or to copy for the other's sake; Vowpal
Wabbit through the first 50,000 in its own text, whose writing is not timed, and river through the first
2,000, as dictionaries that are made on the way. linnet goes through these prefixes, too. Each is a process of
its own, threads as each takes them (scikit-learn: `n_jobs` of all cores); orders alternate, medians count.

Settings are chosen by training on a prefix of the prefix and the log loss of 2,000 rows of their own:
linnet's rate, that falls to 0; scikit-learn's `alpha`, `average` and schedule of rates, Vowpal Wabbit's and
river's rates, their defaults among them. What was chosen is printed; its time counts for nobody. linnet's log
loss is held against the better of what was chosen and the defaults.

Rows a second are those of the epoch, from the path to the model, without imports. What `linnet.load` does
once with new files, counting what their columns hold, is told apart. Memory is anonymous and shared
memory at most, less that with libraries imported. Log losses are of 5,000 other rows, by one function.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from environment import add_packages
from measure import Figure, finish, machine, options
from stream_learners import CLASSES, PACKAGES, read, write_text

FEATURES, GROUP, SPREAD = 512, 10_000, 0.12
VALIDATION, HELD_OUT = 2_000, 5_000

Found = dict[str, float]
Settings = dict[str, Any]

SETTINGS: dict[str, list[Settings]] = {
    "linnet": [{"lr": float(lr)} for lr in (10, 30, 60, 100, 200)],
    "scikit-learn": [
        {},
        *({"alpha": a, "average": m} for a in (1e-5, 1e-4, 1e-3) for m in (False, True)),
        *(
            {"learning_rate": "constant", "eta0": eta, "average": m}
            for eta in (0.003, 0.01, 0.03)
            for m in (False, True)
        ),
    ],
    "Vowpal Wabbit": [{}, *({"-l": rate} for rate in (1, 2, 4, 8))],
    "river": [{}, {"lr": 0.003}, {"lr": 0.02}],
}
"""What is tried; the first of peers are their defaults."""


@dataclass(frozen=True)
class Contest:
    """A peer, and the rows that it and linnet go through.

    Args:
        peer: its name.
        rows: at the file's beginning.
        tuned: rows at its beginning that settings are tried on.
        rounds: of both.
        faster: times the peer's rows a second that are the target; None where there is none.
    """

    peer: str
    rows: int
    tuned: int
    rounds: int
    faster: float | None = None


FULL = (
    Contest("scikit-learn", 500_000, 50_000, 3, 10),
    Contest("Vowpal Wabbit", 50_000, 10_000, 3, 3),
    Contest("river", 2_000, 1_000, 1),
)
QUICK = (
    Contest("scikit-learn", 50_000, 10_000, 1, 10),
    Contest("Vowpal Wabbit", 10_000, 5_000, 1, 3),
    Contest("river", 1_000, 500, 1),
)


@dataclass(frozen=True)
class Rows:
    """Rows about the means of their classes.

    Args:
        source: of random numbers.
        means: (K, D).
    """

    source: np.random.Generator
    means: NDArray[np.float32]

    def draw(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """So many of them, (N, D), and their classes, (N,)."""
        y = self.source.integers(0, CLASSES, count, dtype=np.int32)
        return self.source.standard_normal((count, FEATURES), dtype=np.float32) + self.means[y], y

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """The right ones: no log loss is less in the mean."""
        scores = X @ self.means.T - np.square(self.means).sum(1) / 2
        P = np.exp(scores - scores.max(1, keepdims=True))
        return P / P.sum(1, keepdims=True)


def make_rows() -> Rows:
    source = np.random.default_rng(0)
    return Rows(source, np.float32(SPREAD) * source.standard_normal((CLASSES, FEATURES), dtype=np.float32))


def log_loss(P: NDArray[Any], y: NDArray[np.int32]) -> float:
    """The mean of -log of what the rows' classes were given, (N, K), in nats; of less than 1e-15 that of it.

    Raises:
        ValueError: they do not add up to 1.
    """
    P = P.astype(np.float64)
    if P.shape != (len(y), CLASSES) or not np.allclose(P.sum(1), 1, atol=1e-3):
        raise ValueError(f"these are no probabilities of {len(y)} rows and {CLASSES} classes: {P}")
    P /= P.sum(1, keepdims=True)  # as text they were rounded
    return float(-np.log(np.maximum(P[np.arange(len(y)), y], 1e-15)).mean())


def write(path: Path, parts: Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]) -> None:
    """An Arrow file, never held whole."""
    import pyarrow as pa

    def batch(X: NDArray[np.float32], y: NDArray[np.int32]) -> Any:
        lists = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), FEATURES)
        return pa.record_batch({"embedding": lists, "label": pa.array(y)})

    first = batch(*next(parts))
    with pa.ipc.new_file(path, first.schema) as writer:
        for part in itertools.chain([first], itertools.starmap(batch, parts)):
            writer.write_batch(part)


def prefix(whole: Path, rows: int) -> Path:
    """A file of the first rows, made once."""
    path = whole.with_name(f"first-{rows}.arrow")
    if not path.exists():
        write(path, _first(whole, rows))
    return path


def add_text(path: Path) -> None:
    """A file's rows as Vowpal Wabbit reads them."""
    text = path.with_suffix(".txt")
    if not text.exists():
        for X, y in read(path):
            write_text(text, X, y, append=True)


def _first(whole: Path, rows: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    done = 0
    for X, y in read(whole):
        if done == rows:
            return
        yield X[: rows - done], y[: rows - done]
        done += min(len(y), rows - done)


class Course:
    """The rows of all learners, in a folder.

    Args:
        folder: to write into.
        rows: of the whole file.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        drawn, self.folder = make_rows(), folder
        self.whole = folder / f"first-{rows}.arrow"
        write(self.whole, (drawn.draw(min(GROUP, rows - low)) for low in range(0, rows, GROUP)))
        self.y: dict[str, NDArray[np.int32]] = {}
        for name, count in (("validation", VALIDATION), ("held out", HELD_OUT)):
            X, self.y[name] = drawn.draw(count)
            np.save(folder / f"{name}.npy", X)
        self.least = log_loss(drawn.probabilities(X), self.y["held out"])

    def run(self, learner: str, rows: int, settings: Settings, judged: str) -> Found:
        """An epoch in a process of its own: what it took, and the log loss of other rows."""
        path, answers = prefix(self.whole, rows), self.folder / "answers.npy"
        if learner == "Vowpal Wabbit":
            add_text(path)
        request = {
            "learner": learner, "path": str(path), "settings": settings,
            "asked": str(self.folder / f"{judged}.npy"), "answers": str(answers),
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as cache:  # so that columns are counted each time
            environment = os.environ | {"OMP_WAIT_POLICY": "passive", "LINNET_CACHE": cache}
            ended = subprocess.run(
                [sys.executable, str(Path(__file__).with_name("stream_learners.py")), json.dumps(request)],
                env=environment, capture_output=True, text=True,
            )  # fmt: skip
        if ended.returncode:
            sys.exit(f"{learner} with {settings} ended with {ended.returncode}:\n{ended.stderr}")
        return json.loads(ended.stdout.splitlines()[-1]) | {
            "log loss": log_loss(np.load(answers), self.y[judged])
        }

    def choose(self, learner: str, rows: int) -> Settings:
        """The settings that lead to the least log loss after so many rows."""
        losses = [self.run(learner, rows, one, "validation")["log loss"] for one in SETTINGS[learner]]
        best = int(np.argmin(losses))
        chosen = SETTINGS[learner][best]
        told = ", ".join(f"{name} {value}" for name, value in chosen.items()) or "defaults"
        print(
            f"  {learner} after {rows:,} rows: {told} ({losses[best]:.3f}; {len(losses)} tried)", flush=True
        )
        return chosen


def compete(course: Course, contest: Contest) -> tuple[list[Figure], dict[str, Settings]]:
    """A peer and linnet in turn, and their settings."""
    sides = ("linnet", contest.peer)
    chosen = {side: course.choose(side, contest.tuned) for side in sides}
    found: dict[str, list[Found]] = {side: [] for side in sides}
    for turn in range(contest.rounds):
        for side in sides if turn % 2 == 0 else reversed(sides):
            found[side].append(course.run(side, contest.rows, chosen[side], "held out"))
    plain = course.run(contest.peer, contest.rows, {}, "held out") if chosen[contest.peer] else None
    middle = {side: {key: statistics.median(one[key] for one in all_) for key in all_[0]}
              for side, all_ in found.items()}  # fmt: skip
    return figures(contest, middle["linnet"], middle[contest.peer], plain), chosen


def figures(contest: Contest, ours: Found, theirs: Found, plain: Found | None) -> list[Figure]:
    """The lines of a contest."""
    peer, title = contest.peer, f"{contest.rows:,} rows"
    whole = contest.rows / (ours["opening"] + ours["learning"])
    speeds = {"linnet": contest.rows / ours["learning"],
              peer: contest.rows / (theirs["opening"] + theirs["learning"])}  # fmt: skip
    ratio, loss = speeds["linnet"] / speeds[peer], ours["log loss"]
    target = (f"≥ {contest.faster:g} ×", ratio >= contest.faster) if contest.faster else ("", None)
    lines = [
        Figure(f"{title}: {peer}", speeds[peer], "{:,.0f} rows/s", memory=theirs["memory"]),
        Figure(f"{title}: linnet", speeds["linnet"], "{:,.0f} rows/s", memory=ours["memory"]),
        Figure(f"{title}: linnet, with linnet.load before it", whole, "{:,.0f} rows/s"),
        Figure(f"{title}: linnet / {peer}", ratio, "{:.1f} ×", *target),
        Figure(f"{title}: linnet with linnet.load / {peer}", whole / speeds[peer], "{:.1f} ×"),
        Figure(f"{title}: log loss of {peer}", theirs["log loss"], "{:.3f}"),
    ]
    best = theirs["log loss"]
    if plain is not None:
        speed = contest.rows / (plain["opening"] + plain["learning"])
        lines.append(Figure(f"{title}: {peer}, its defaults", speed, "{:,.0f} rows/s"))
        lines.append(Figure(f"{title}: log loss of {peer}, its defaults", plain["log loss"], "{:.3f}"))
        best = min(best, plain["log loss"])
    return [*lines, Figure(f"{title}: log loss of linnet", loss, "{:.3f}", f"≤ {best:.3f}", loss <= best)]


def main() -> None:
    """Run all and print beside the targets."""
    parser = options(
        "Measure one epoch over a file beside scikit-learn, Vowpal Wabbit and river.",
        quick="50,000 rows, 10,000 of them and 1,000, one round", suffix=".peers_stream.json",
    )  # fmt: skip
    asked = parser.parse_args()
    contests = QUICK if asked.quick else FULL
    if not add_packages(PACKAGES):
        contests = contests[:1]
    print(machine(), flush=True)
    lines: list[Figure] = []
    settings: dict[str, dict[str, Settings]] = {}
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder), contests[0].rows)
        lines.append(Figure("the least log loss of the held-out rows", course.least, "{:.3f}"))
        for contest in contests:
            found, settings[contest.peer] = compete(course, contest)
            lines += found
    finish(lines, asked.json, ".peers_stream.json", settings=settings)


if __name__ == "__main__":
    main()
