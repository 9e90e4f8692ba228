"""`Judges`: what is known of a finished model beside its answers, worked out once and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from linnet.config import Recipe
from linnet.evaluate.conformal import Conformal, Coverage, coverage, learn_sets
from linnet.evaluate.forecast import Forecast, forecast
from linnet.evaluate.held_out import held_out
from linnet.lab.frames import Frame, Tell
from linnet.lab.room import Room, Trained
from linnet.lab.turns import Turn
from linnet.train.callbacks import Callback, State
from linnet.train.fit import fit

KEPT = 8
"""Models whose forecasts are kept."""

RECIPES = {
    "fashion_mnist": Recipe(epochs=10, batch_size=128, lr=0.1, validation=0.1, seed=0),
    "digits": Recipe(epochs=40, batch_size=64, lr=0.5, validation=0.1, seed=0),
}
"""Of the model that is trained where none was, with rows held out for the prediction sets."""

OFTEN = 0.1
"""Seconds between two looks whether a page that waits for another's training of that model has gone."""


@dataclass(frozen=True, eq=False)
class Judge:
    """What a model says of the rows it is judged by.

    Args:
        seen: of the rows that prediction sets are learnt on.
        source: what those are called.
        is_unseen: whether the model was kept from them.
        judged: of the test rows.
    """

    seen: Forecast
    source: str
    is_unseen: bool
    judged: Forecast

    @classmethod
    def of(cls, trained: Trained) -> Judge:
        """The forecasts of a model.

        Raises:
            UsageError: it is a regression.
        """
        judged = forecast(trained.run, trained.test)
        kept = held_out(trained.run, trained.dataset)
        return cls(forecast(trained.run, kept.rows), kept.source, kept.is_unseen, judged)

    def rule(self, alpha: float, method: str) -> tuple[Conformal, Coverage]:
        """The rule of prediction sets, and what it comes to on the test rows."""
        rule = learn_sets(self.seen, alpha, method)
        return rule, coverage(rule, self.judged)


class Judges:
    """The judges of the room's models; its methods may be called from any thread.

    Args:
        room: whose models.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self._lock, self._training = threading.Lock(), threading.Lock()
        self._judges: OrderedDict[str, Judge] = OrderedDict()
        self._default = ""

    def of(self, number: str, trained: Trained) -> Judge:
        """The judge of a model."""
        with self._lock:
            if number not in self._judges:
                self._judges[number] = Judge.of(trained)
            self._judges.move_to_end(number)
            while len(self._judges) > KEPT:
                self._judges.popitem(last=False)
            return self._judges[number]

    def default(self) -> str | None:
        """The id of the model that `train` made; None where it has not, or where it is no longer kept."""
        return self._default if self.room.has(self._default) else None

    def train(self, tell: Tell, turn: Turn) -> None:
        """Train a model of Fashion-MNIST, or of the digits where that is not at hand, once for all pages.

        Args:
            tell: is told how far it is, and in the end the model's id.
            turn: ends it when it is over.
        """
        while not self._training.acquire(timeout=OFTEN):  # another page's
            if turn.is_over:
                return
        try:
            if self.default() is None:
                self._train(tell, turn)
        finally:
            self._training.release()
        if (number := self.default()) is not None:
            tell(model_frame(number))

    def _train(self, tell: Tell, turn: Turn) -> None:
        name = "fashion_mnist" if self.room.is_there("fashion_mnist") else "digits"
        train, test = self.room.splits(name)
        run, _ = fit(train, RECIPES[name], test=test, callbacks=[Telling(tell, turn)])
        if not turn.is_over:
            run.asked["dataset"] = name
            self._default = self.room.add(run, name)


class Telling(Callback):
    """Says after each epoch how far a training is.

    Args:
        tell: sends it.
        turn: ends the run when it is over.
    """

    def __init__(self, tell: Tell, turn: Turn) -> None:
        self.tell, self.turn = tell, turn

    def start(self, state: State) -> None:
        """Let the turn's end be the run's."""
        self.turn.at_end(state.stop)

    def epoch_end(self, state: State) -> None:
        """Say it."""
        self.tell({"kind": "progress", "epoch": state.epoch, "epochs": state.asked["epochs"]})


def model_frame(number: str) -> Frame:
    """The frame that a training of the usual model ends with."""
    return {"kind": "model", "id": number}
