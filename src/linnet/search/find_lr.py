"""`find_lr`: which learning rate to begin with.

The usual range test (Smith 2017) raises the rate of one model from step to step, so that what each rate does
is blurred by those before it. A bank needs no such trick: a model a rate, all trained on the same minibatches
for the same number of steps, and judged on rows that none of them has seen.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from linnet import files
from linnet.config import Recipe, SweepRequest
from linnet.core.grids import Edge, edge_of
from linnet.data.arguments import parts_of
from linnet.data.dataset import Dataset, Splits
from linnet.data.split import split
from linnet.errors import DivergedError, UsageError
from linnet.folders import new_folder
from linnet.i18n import Language, say
from linnet.plot.save import save
from linnet.plot.search import rates_figure
from linnet.search.sweep import run_sweep
from linnet.train.callbacks import Callback, State

if TYPE_CHECKING:
    import pandas as pd

LOWEST, HIGHEST, COUNT, STEPS = 1e-5, 100.0, 43, 200
"""Six rates a decade."""

HELD_OUT = 0.1


@dataclass(frozen=True, eq=False)
class RateCurve:
    """What learning rates lead to after some steps.

    Args:
        table: a row a rate, the lowest first: lr, train_loss (over the steps), validation_loss (after them);
            NaN where the model diverged.
        suggestion: the rate with the least validation loss.
        steps: that each model made.
        name: of the data set.
    """

    table: pd.DataFrame
    suggestion: float
    steps: int
    name: str

    @property
    def diverges_at(self) -> float | None:
        """The lowest rate above the suggestion at which the model diverged; None where none did."""
        lost = self.table["validation_loss"].isna()
        beyond = [lr for lr in self.table["lr"][lost].tolist() if lr > self.suggestion]
        return min(beyond, default=None)

    @property
    def edge(self) -> Edge | None:
        """The edge of what was tried that the suggestion lies at, if it does."""
        rates, losses = self.table["lr"].tolist(), self.table["validation_loss"].fillna(math.inf).tolist()
        best = rates[int(np.argmin(losses))]
        return edge_of("lr", rates, losses, best)

    def plot(self, language: Language = "en") -> Figure:
        """The loss by the rate, with the suggestion.

        Args:
            language: "en" or "zh".
        """
        title = say("plot.steps", language, name=self.name, steps=self.steps)
        return rates_figure(self.table, self.suggestion, self.diverges_at, title, language)

    def save(self, folder: Path | str, language: Language = "en") -> None:
        """Leave `rates.csv`, `rates.json` and `rates.svg` in a folder, new or empty.

        Args:
            folder: where.
            language: of the figure, "en" or "zh".

        Raises:
            UsageError: it holds something already.
            OSError: it cannot be written.
        """
        folder = new_folder(Path(folder))
        save(self.plot(language), folder / "rates.svg")
        files.write(folder / "rates.csv", self.table.to_csv(index=False))
        files.write(folder / "rates.json", json.dumps(self.summary(), indent=2, ensure_ascii=False) + "\n")

    def summary(self) -> dict[str, object]:
        """The suggestion and where it was found, as plain values."""
        return {
            "suggestion": self.suggestion, "diverges_at": self.diverges_at, "steps": self.steps,
            "dataset": self.name, "rates": len(self.table), "edge": self.edge.widen if self.edge else None,
        }  # fmt: skip


def find_lr(
    dataset: Dataset | Splits,
    recipe: Recipe | None = None,
    *,
    low: float = LOWEST,
    high: float = HIGHEST,
    count: int = COUNT,
    steps: int = STEPS,
    show: bool = False,
    callbacks: Sequence[Callback | Callable[[State], object]] = (),
) -> RateCurve:
    """Train a model a learning rate for some steps, all in one pass, and suggest the best rate.

    Args:
        dataset: the rows, or a pair of train and test parts, of which train is taken.
        recipe: how the models will be trained; its epochs, rate and schedule do not count.
        low: the lowest rate.
        high: the highest rate.
        count: of rates, evenly spread over their logarithms.
        steps: of each model, about: whole passes are made over data with fewer minibatches.
        show: print a line an epoch.
        callbacks: called as the sweep of the rates goes on, as in `linnet.sweep`.

    Returns:
        The curve and the suggestion.

    Raises:
        UsageError: the range or the recipe cannot be.
        DivergedError: every rate diverged.

    Example:
        >>> curve = linnet.find_lr(linnet.load("digits"), linnet.Recipe(optimizer="adam"))
        >>> curve.suggestion
    """
    if not (0 < low < high < math.inf and count >= 3 and steps >= 1):
        raise UsageError(
            f"expected 0 < low < high, at least 3 rates and 1 step, got {low}…{high}, {count} and {steps}"
        )
    train = parts_of(dataset, "find_lr").train
    asked = dataclasses.replace(recipe or Recipe(), schedule="constant", warmup=0.0, average=0.0)
    batch_size = asked.resolved(train.is_classification, train.is_counts, train.table_rows).batch_size
    rows, epochs = _enough(train, steps * asked.accumulate, batch_size, asked.seed)
    rates = [low * (high / low) ** (k / (count - 1)) for k in range(count)]
    request = SweepRequest(
        settings=tuple(asked.hyperparameters(rate) for rate in rates), validation=HELD_OUT, metric="loss",
        epochs=epochs, batch_size=batch_size, loss=asked.loss, huber=asked.huber, seed=asked.seed,
        dtype=asked.dtype, device=asked.device, threads=asked.threads,
    )  # fmt: skip
    result = run_sweep(rows, request, show=show, callbacks=callbacks, strict=False)
    if result.is_interrupted:
        raise KeyboardInterrupt
    table = result.table.sort_values("lr", ignore_index=True).filter(["lr", "train_loss", "validation_loss"])
    losses = table["validation_loss"].to_numpy(float)
    if np.isnan(losses).all():
        raise DivergedError(f"every rate from {low:g} to {high:g} diverged: look lower")
    best = rates[int(np.nanargmin(losses))]
    a_pass = -(-round(len(rows) * (1 - HELD_OUT)) // batch_size)
    made = -(-a_pass // asked.accumulate) * epochs
    return RateCurve(table, float(f"{best:.2g}"), made, train.name)


def _enough(train: Dataset, batches: int, batch_size: int, seed: int) -> tuple[Dataset, int]:
    """Rows, a part of them held out, and passes over them that make so many minibatches, about."""
    share = batches * batch_size / (1 - HELD_OUT) / len(train)
    if share < 1:
        kept = max(share, 2 * train.outputs / len(train))
        return split(train, 1 - min(kept, 0.999), seed)[0], 1
    a_pass = -(-round(len(train) * (1 - HELD_OUT)) // batch_size)
    return train, max(1, round(batches / a_pass))
