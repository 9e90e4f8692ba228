"""`EvaluationCache`: evaluations of the models that are tried, and the training of one where none was."""

from __future__ import annotations

import threading

from linnet.config import Recipe
from linnet.evaluate.evaluation import Evaluation
from linnet.lab.jobs import Frame, Job
from linnet.lab.state import LabState
from linnet.train.callbacks import Callback, State
from linnet.train.fit import fit

KEPT = 8
"""Models whose evaluations are kept."""

RECIPES = {
    "fashion_mnist": Recipe(epochs=10, batch_size=128, lr=0.1, validation=0.1, seed=0),
    "digits": Recipe(epochs=40, batch_size=64, lr=0.5, validation=0.1, seed=0),
}
"""Of the model that is trained where none was, with rows held out for the prediction sets."""

OFTEN = 0.1
"""Seconds between two looks whether a page that waits for another's training of that model has gone."""


class EvaluationCache:
    """The evaluations of the lab's models; its methods may be called from any thread.

    Args:
        lab: whose models.
    """

    def __init__(self, lab: LabState) -> None:
        self.lab = lab
        self._lock, self._training = threading.Lock(), threading.Lock()
        self._kept: dict[str, Evaluation] = {}  # the one used last is the last
        self._default = ""

    def of(self, number: str) -> Evaluation:
        """The evaluation of a model by its id.

        Raises:
            MissingError: there is none of this id, or no longer.
        """
        evaluation = self.lab.model(number)
        with self._lock:
            others = {name: one for name, one in self._kept.items() if name != number and self.lab.has(name)}
            first = max(0, len(others) + 1 - KEPT)
            self._kept = dict(list(others.items())[first:]) | {number: self._kept.get(number, evaluation)}
            return self._kept[number]

    def default(self) -> str | None:
        """The id of the model that `train` made; None where it has not, or where it is no longer kept."""
        return self._default if self.lab.has(self._default) else None

    def train(self, job: Job) -> None:
        """Train a model of Fashion-MNIST, or of the digits where that is not at hand, once for all pages.

        Args:
            job: is told how far it is, and in the end the model's id.
        """
        while not self._training.acquire(timeout=OFTEN):  # another page's
            if job.is_over:
                return
        try:
            if self.default() is None:
                self._train(job)
        finally:
            self._training.release()
        if (number := self.default()) is not None:
            job.tell(model_frame(number))

    def _train(self, job: Job) -> None:
        name = "fashion_mnist" if self.lab.is_there("fashion_mnist") else "digits"
        train, test = self.lab.splits(name)
        run, _ = fit(train, RECIPES[name], test=test, callbacks=[EpochProgress(job)])
        if not job.is_over:
            run.asked["dataset"] = name
            self._default = self.lab.add(run, name)


class EpochProgress(Callback):
    """Tells the page after each epoch how far a training is; the job's end is the run's.

    Args:
        job: the training's.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    def start(self, state: State) -> None:
        """End the run when the job ends."""
        self.job.at_end(state.stop)

    def epoch_end(self, state: State) -> None:
        """Say how far it is."""
        self.job.tell({"kind": "progress", "epoch": state.epoch, "epochs": state.asked["epochs"]})


def model_frame(number: str) -> Frame:
    """The frame that a training of the usual model ends with."""
    return {"kind": "model", "id": number}
