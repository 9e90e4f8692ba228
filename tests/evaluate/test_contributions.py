from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linnet
from linnet.config import Recipe
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.contributions import contributions
from linnet.train.fit import fit
from tests.support.blobs import make_blobs
from tests.support.tables import make_mixed

BLOBS = make_blobs(120)
RUN = fit(BLOBS, Recipe(epochs=2, lr=0.1, dtype="float64", standardize=True))[0]


@given(st.integers(0, len(BLOBS) - 1))
def test_they_and_the_bias_come_to_the_scores(row: int) -> None:
    found = contributions(RUN, BLOBS.X[row])
    np.testing.assert_allclose(found.scores, RUN.scores(BLOBS.X[row : row + 1])[0], rtol=0, atol=1e-6)
    gap = found.scores[0] - found.scores[2] - (found.bias[0] - found.bias[2])
    assert found.between(0, 2).sum() == pytest.approx(gap)
    assert found.parts.shape == (3, 16)


def test_a_row_of_another_shape() -> None:
    with pytest.raises(ShapeError, match="one row of 16 features"):
        contributions(RUN, BLOBS.X[:1])


def test_the_terms_of_a_formula_are_not_added_up_by_column() -> None:
    train, _ = linnet.load(make_mixed(60), formula="price ~ log(carat):cut")
    run = linnet.solve(train, l2=0.1).value
    assert run.card.schema is not None
    with pytest.raises(UsageError, match="of several columns"):
        contributions(run, train.X[0]).by_column(run.card.schema)
