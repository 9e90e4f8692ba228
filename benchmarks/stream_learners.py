"""A learner that goes once through a file of embeddings, in a process of its own, for `peers_stream.py`.

    python benchmarks/stream_learners.py REQUEST

REQUEST is JSON: the learner's name, the file's path, its settings, a `.npy` of rows to answer for, and where
to write their probabilities, (N, K), with a column a class in the order of their numbers. What is printed is
JSON, too: seconds of `opening` and of `learning`, and the bytes of `memory` held at most while it did both,
beside what it held when its libraries were imported.
"""

from __future__ import annotations

import abc
import importlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from environment import add_packages, find
from held import Peak

CLASSES, BATCH = 100, 256

PACKAGES = "peers_stream.txt"


def read(path: Path) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """The rows of an Arrow file, (N, D), and their classes, (N,), a record batch at a time and not copied."""
    import pyarrow as pa

    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    for number in range(reader.num_record_batches):
        batch = reader.get_batch(number)
        X, y = batch.column(0).flatten().to_numpy(), batch.column(1).to_numpy()
        yield X.reshape(len(y), -1), y


def write_text(path: Path, X: NDArray[np.float32], y: NDArray[np.int32], *, append: bool = False) -> None:
    """Rows in Vowpal Wabbit's own form.

    Its classes count from 1. Features are named by numbers, which it takes as they are, so that no two share
    a weight, and have six digits, which are read faster than the nine that tell a float32 from all others.
    """
    form = "%d | " + " ".join(f"{feature}:%.6g" for feature in range(X.shape[1])) + "\n"
    with path.open("a" if append else "w") as file:
        for x, k in zip(X, y.tolist(), strict=True):
            file.write(form % (k + 1, *x.tolist()))


class Learner(abc.ABC):
    """What goes through a file once and then has probabilities."""

    imports: tuple[str, ...] = ()
    """What is imported before memory and seconds count."""

    def open(self, path: Path) -> None:
        """What comes before the first epoch over a file and not again with the next."""
        self.path = path

    @abc.abstractmethod
    def learn(self, **settings: Any) -> None:
        """An epoch."""

    @abc.abstractmethod
    def probabilities(self, X: NDArray[np.float32]) -> NDArray[Any]:
        """Those of each class, (N, K)."""


class Linnet(Learner):
    """`linnet.fit` with a rate that falls to 0; to open is to count the columns of all rows."""

    imports = ("linnet.data.registry", "linnet.runs.fit")

    def open(self, path: Path) -> None:
        import linnet

        self.rows = linnet.load(path, stream=True, split="none", task="classification").train

    def learn(self, **settings: Any) -> None:
        import linnet

        self.run = linnet.fit(
            self.rows, epochs=1, batch_size=BATCH, schedule="linear", show=False, **settings
        )

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[Any]:
        import torch

        classes = [int(name) for name in self.rows.classes]
        return in_columns(self.run.probabilities(torch.from_numpy(X)).numpy(), classes)


class ScikitLearn(Learner):
    """`SGDClassifier.partial_fit` over pyarrow's batches, on all cores."""

    imports = ("pyarrow", "sklearn.linear_model")

    def learn(self, **settings: Any) -> None:
        from sklearn.linear_model import SGDClassifier

        from linnet.device import available_cores

        cores = available_cores()
        self.model = SGDClassifier(loss="log_loss", n_jobs=cores, random_state=0, **settings)
        for X, y in read(self.path):
            self.model.partial_fit(X, y, classes=np.arange(CLASSES))

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[Any]:
        return self.model.predict_proba(X)


class VowpalWabbit(Learner):
    """One pass of `--oaa` over the text beside the file, as `python -m vowpalwabbit` does."""

    imports = ("vowpalwabbit",)

    def open(self, path: Path) -> None:
        super().open(path)
        self.model, self.asked, self.said = (path.with_suffix(s) for s in (".model", ".asked", ".said"))

    def learn(self, **settings: Any) -> None:
        words = [str(word) for setting in settings.items() for word in setting]
        kind = ["--oaa", str(CLASSES), "--loss_function", "logistic", "--probabilities"]
        self._do(["-d", str(self.path.with_suffix(".txt")), "-f", str(self.model), *kind, *words])

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[Any]:
        write_text(self.asked, X, np.zeros(len(X), np.int32))
        # The model does not keep that it was asked for probabilities.
        self._do(
            ["-t", "-d", str(self.asked), "-i", str(self.model), "--probabilities", "-p", str(self.said)]
        )
        return parse(self.said)

    def _do(self, words: list[str]) -> None:
        find("vowpalwabbit").Workspace(arg_list=[*words, "--quiet"]).finish()


class River(Learner):
    """One-vs-rest of `LogisticRegression`, whose rows are dictionaries.

    Its `SoftmaxRegression` has no intercept and took three times as long a row.
    """

    imports = ("pyarrow", "river.linear_model", "river.multiclass", "river.optim")

    def learn(self, **settings: Any) -> None:
        river = find("river")
        optimizer = river.optim.SGD(**settings) if settings else None
        one = river.linear_model.LogisticRegression(optimizer=optimizer)
        self.model = river.multiclass.OneVsRestClassifier(one)
        for X, y in read(self.path):
            for x, k in zip(X, y.tolist(), strict=True):
                self.model.learn_one(dict(enumerate(x.tolist())), k)

    def probabilities(self, X: NDArray[np.float32]) -> NDArray[Any]:
        P = np.zeros((len(X), CLASSES))
        for row, x in enumerate(X):
            found = self.model.predict_proba_one(dict(enumerate(x.tolist())))
            P[row, list(found)] = list(found.values())
        return P


LEARNERS = {"linnet": Linnet, "scikit-learn": ScikitLearn, "Vowpal Wabbit": VowpalWabbit, "river": River}


def in_columns(found: NDArray[Any], classes: list[int]) -> NDArray[Any]:
    """Probabilities in the columns of their classes; 0 for those that were never seen."""
    P = np.zeros((len(found), CLASSES), found.dtype)
    P[:, classes] = found
    return P


def parse(said: Path) -> NDArray[np.float64]:
    """The probabilities that Vowpal Wabbit wrote as `1:0.25 2:0.75`, a line a row."""
    lines = said.read_text().splitlines()
    return np.array([[float(word.split(":")[1]) for word in line.split()] for line in lines])


def main() -> None:
    """Learn, answer and say what it took."""
    request = json.loads(sys.argv[1])
    learner = LEARNERS[request["learner"]]()
    add_packages(PACKAGES)
    for package in learner.imports:
        importlib.import_module(package)
    peak, times = Peak(), [time.perf_counter()]
    learner.open(Path(request["path"]))
    times.append(time.perf_counter())
    learner.learn(**request["settings"])
    times.append(time.perf_counter())
    memory = peak.end()
    np.save(request["answers"], learner.probabilities(np.load(request["asked"])))
    opening, learning = np.diff(times).tolist()
    print(json.dumps({"opening": opening, "learning": learning, "memory": memory}))


if __name__ == "__main__":
    main()
