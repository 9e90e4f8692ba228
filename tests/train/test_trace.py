from __future__ import annotations

import pytest
import torch

from linnet.config import Recipe
from linnet.core.step import Trace
from linnet.data.sources import synthetic
from linnet.errors import DivergedError, UsageError
from linnet.train.fit import fit

DATA = synthetic.linear(w=[2.0], b=1.0, rows=20, noise=0.1, dtype=torch.float64)


def test_it_keeps_every_point_of_the_same_run() -> None:
    recipe = Recipe(epochs=3, batch_size=8, lr=0.1, dtype="float64")
    trace = Trace()
    run, _ = fit(DATA, recipe, step=trace)
    assert len(trace.points) == 3 * 3 + 1
    plain, _ = fit(DATA, recipe)
    assert run.bank.theta.equal(plain.bank.theta)
    assert trace.points[-1].equal(run.bank.theta)
    one, _ = fit(DATA, Recipe(epochs=1, batch_size=8, lr=0.1, dtype="float64"))
    assert trace.points[3].equal(one.bank.theta)


def test_it_keeps_the_way_to_infinity() -> None:
    trace = Trace()
    with pytest.raises(DivergedError):
        fit(DATA, Recipe(epochs=400, batch_size=20, lr=50.0, dtype="float64"), step=trace)
    sizes = [float(point.norm()) for point in trace.points[:20]]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1e6


def test_a_path_is_bounded() -> None:
    with pytest.raises(UsageError, match="more than 5 points"):
        fit(DATA, Recipe(epochs=2, batch_size=2, lr=0.1), step=Trace(most=5))
