from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.config import Recipe
from linnet.core.losses import by_name
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.demos.landscape import landscape, largest_rate, losses_at, window
from linnet.errors import DivergedError, UsageError
from linnet.solvers.solve import solve
from linnet.train.fit import fit
from tests.support.blobs import make_blobs

DATA = synthetic.linear(w=[2.0], b=1.0, rows=20, noise=1.0, dtype=torch.float64)


@given(st.sampled_from(["squared", "huber", "absolute"]), st.floats(-5, 5), st.floats(-5, 5))
def test_it_is_the_mean_loss_and_nowhere_below_the_optimum(name: str, w: float, b: float) -> None:
    found = landscape(DATA, by_name(name), torch.tensor([w, w + 1]), torch.tensor([b, b + 1, b + 2]))
    assert found.loss.shape == (3, 2)
    by_hand = by_name(name).value((found.w[1] * DATA.X + found.b[2]).T, DATA.y.T).mean()
    assert found.loss[2, 1] == pytest.approx(float(by_hand))
    assert float(found.loss.min()) >= solve(DATA, name).stats.objective - 1e-9


def test_the_losses_along_a_path() -> None:
    path = torch.tensor([[0.0, 0.0], [1.0, 2.0], [1e200, 0.0]], dtype=torch.float64)
    found = losses_at(DATA, by_name("squared"), path)
    assert found[0] == pytest.approx(float(DATA.y.square().mean() / 2))
    assert found[1] == pytest.approx(float((DATA.X + 2 - DATA.y).square().mean() / 2))
    assert float(found[2]) == float("inf")


def test_scaled_features() -> None:
    scaled = Dataset(DATA.X * 10, DATA.y, scale=0.1)
    at = torch.linspace(-1, 1, 3)
    one, other = (landscape(data, by_name("squared"), at, at) for data in (DATA, scaled))
    np.testing.assert_allclose(one.loss, other.loss)
    assert largest_rate(scaled) == pytest.approx(largest_rate(DATA))


def test_the_largest_rate_is_where_descent_begins_to_diverge() -> None:
    rate = largest_rate(DATA)
    below = fit(DATA, Recipe(epochs=800, batch_size=20, lr=0.97 * rate, dtype="float64"))[0]
    best = solve(DATA).value.bank.theta
    torch.testing.assert_close(below.bank.theta, best, atol=1e-6, rtol=0)
    with pytest.raises(DivergedError):
        fit(DATA, Recipe(epochs=15_000, batch_size=20, lr=1.03 * rate, dtype="float64"))


def test_what_cannot_be() -> None:
    at = torch.zeros(1)
    with pytest.raises(UsageError, match="one feature and one target"):
        landscape(make_blobs(3), by_name("squared"), at, at)
    with pytest.raises(UsageError, match="cannot be"):
        landscape(DATA, by_name("squared"), torch.zeros(10_000), torch.zeros(10_000))
    with pytest.raises(UsageError, match="one feature"):
        largest_rate(synthetic.linear(rows=3))


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), max_size=5))
def test_a_window_holds_optimum_start_and_the_near_part_of_the_path(path: list[tuple[float, float]]) -> None:
    centre, start = torch.tensor([2.0, 1.0]), torch.tensor([0.0, 0.0])
    w, b = window(centre, start, torch.tensor(path).view(-1, 2), 11)
    assert float(w[5]) == pytest.approx(2)
    assert float(b[5]) == pytest.approx(1)
    assert float(w[0]) < 0 < float(w[-1])
    assert float(b[0]) < 0 < float(b[-1])
    for point in path:
        if abs(point[0] - 2) <= 6:
            assert float(w[0]) < point[0] < float(w[-1])
    assert float(w[-1] - w[0]) <= 2 * 1.2 * 6 + 1e-9


def test_a_path_to_infinity_does_not_widen_the_window_for_ever() -> None:
    path = torch.tensor([[1e300, torch.inf], [torch.nan, -1e5]])
    w, b = window(torch.zeros(2), torch.ones(2), path)
    assert float(w[-1]) == pytest.approx(3.6)
    assert np.isfinite(b).all()
