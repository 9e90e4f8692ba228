"""A run of the digits, its figures, and what is written in them."""

from __future__ import annotations

import dataclasses
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from linnet.config import Recipe
from linnet.data.sources import digits
from linnet.evaluate.evaluation import Evaluation
from linnet.model.run import Run
from linnet.plot.kinds import FigureOptions, draw
from linnet.train.fit import fit

TRAIN, MAYBE = digits.load()
assert MAYBE is not None
TEST = MAYBE
RUN = fit(TRAIN, Recipe(epochs=3, lr=0.5, validation=0.2))[0]


OPTIONS = FigureOptions(row=4, bins=10, binning="mass")


def drawn(kind: str, run: Run = RUN, **options: Any) -> Figure:
    return draw(kind, Evaluation(run, lambda: TEST, lambda: TRAIN), dataclasses.replace(OPTIONS, **options))


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
