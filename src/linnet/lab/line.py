"""/api/line: a line through points by three losses, and the path of SGD over the surface of one."""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import torch
from fastapi import APIRouter
from pydantic import Field
from torch import Tensor

from linnet.config import Recipe
from linnet.core import losses
from linnet.core.losses import by_name
from linnet.core.step import Trace
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.demos.landscape import landscape, largest_rate, losses_at, window
from linnet.errors import DivergedError, ShortfallWarning, UsageError
from linnet.lab import scripts
from linnet.lab.schemas import Body, Seed, to_json
from linnet.solvers.solve import solve
from linnet.train.callbacks import State
from linnet.train.fit import fit

LOSSES = sorted((name for name, loss in losses.LOSSES.items() if loss.is_of_differences), reverse=True)
"""The losses of a line: functions of how far a point lies from it."""

LossName = Annotated[str, Field(pattern=f"^({'|'.join(LOSSES)})$")]

STEPS = 5000
"""Of SGD at most."""

APART = 1e-3
"""How far apart in x points have to be for a line that means something."""

Coordinate = Annotated[float, Field(ge=-1e4, le=1e4)]


class LineBody(Body, strict=True):
    """Points, and how SGD is to go about them.

    Args:
        points: (x, y) of each, 2 to 200.
        loss: whose surface is shown, and which SGD descends.
        huber: Huber's threshold δ.
        lr: learning rate.
        batch_size: rows a minibatch; as many as there are points at most.
        epochs: passes over the points.
        seed: of the start and the order.
    """

    points: list[Annotated[list[Coordinate], Field(min_length=2, max_length=2)]] = Field(
        min_length=2, max_length=200
    )
    loss: LossName = "squared"
    huber: float = Field(default=1.0, ge=1e-3, le=1e3)
    lr: float = Field(default=0.1, ge=1e-6, le=100)
    batch_size: int = Field(default=4, ge=1, le=200)
    epochs: int = Field(default=10, ge=1, le=500)
    seed: Seed = 0

    def recipe(self) -> Recipe:
        """As the library takes it."""
        options = self.model_dump(exclude={"points", "batch_size"})
        batch_size = min(self.batch_size, len(self.points))
        return Recipe(
            **options, batch_size=batch_size, dtype="float64", device="cpu", threads=1, raw_columns=True
        )


class PointsBody(Body, strict=True):
    """Points to begin with: y = w x + b + ε, as the book makes them."""

    w: float = Field(default=2.0, ge=-100, le=100)
    b: float = Field(default=1.0, ge=-100, le=100)
    rows: int = Field(default=20, ge=2, le=200)
    noise: float = Field(default=1.0, ge=0, le=100)
    seed: Seed = 0


routes = APIRouter(prefix="/api/line", tags=["line"])
"""The tab's routes, which keep nothing."""


@routes.post("/points", summary="Points of a line with noise")
async def make_points(body: PointsBody) -> dict[str, Any]:
    """Rows that the page begins with."""
    made = synthetic.linear([body.w], body.b, body.rows, body.noise, body.seed, torch.float64)
    return {"points": torch.cat([made.X, made.y], 1).tolist()}


@routes.post("", summary="The best lines by three losses, SGD's path, and the surface it descends")
def answer(body: LineBody) -> dict[str, Any]:
    """What the page shows.

    Raises:
        UsageError: all points have one x, or the path would be too long.
    """
    dataset = points_of(body)
    fits = {name: _solve(dataset, name, body.huber) for name in LOSSES}
    recipe = body.recipe()
    path, epochs, ended = _descend(dataset, recipe)
    best = fits[body.loss]
    centre = (best["w"], best["b"])
    loss = by_name(body.loss, body.huber)
    surface = landscape(dataset, loss, *window(centre, path[0], path))
    along = losses_at(dataset, loss, path)
    python = scripts.LINE.format(**{**body.model_dump(), "batch_size": recipe.batch_size})
    descent = {"w": path[:, 0], "b": path[:, 1], "ended": ended, "epochs": epochs, "losses": along}
    shown = to_json(
        {"fits": fits, "path": descent, "surface": surface, "largest_rate": largest_rate(dataset)}
    )
    return {**shown, "python": python, "command": scripts.render_heredoc(python)}


def points_of(body: LineBody) -> Dataset:
    """The points as a regression of one feature.

    Raises:
        UsageError: all have one x, so that no line is the best.
    """
    at = torch.tensor(body.points, dtype=torch.float64)  # (N, 2)
    if float(at[:, 0].max() - at[:, 0].min()) < APART:
        raise UsageError("all points stand above one another, so no line fits best: move one sideways")
    return Dataset(at[:, :1].clone(), at[:, 1:].clone(), "points")


def _solve(dataset: Dataset, name: str, huber: float) -> dict[str, Any]:
    """The best line by a loss; the answer says by its status how good it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortfallWarning)
        found = solve(dataset, by_name(name, huber))
    theta = found.value.bank.theta[0].tolist()
    return {
        "w": theta[0], "b": theta[1], "loss": found.stats.objective, "status": str(found.status),
        "is_good": found.status.is_good,
    }  # fmt: skip


def _descend(dataset: Dataset, recipe: Recipe) -> tuple[Tensor, list[float], str]:
    """The path (S + 1, 2) as far as it is finite, the loss after each epoch, and what ended it too soon."""
    trace, epochs, ended = Trace(most=STEPS + 1), [], ""

    def note(state: State) -> None:
        epochs.append(float(state.history.last["train_loss"]))

    try:
        fit(dataset, recipe, callbacks=[note], step=trace)
    except DivergedError as error:
        ended = str(error)
    path = torch.cat(trace.points)  # (S + 1, 2)
    finite = path.isfinite().all(1)
    whole = len(path) if bool(finite.all()) else int((~finite).nonzero()[0])
    return path[:whole], epochs, ended
