from __future__ import annotations

import numpy as np
import pytest

from linnet.solvers.smooth import few
from linnet.solvers.smooth.few import solve_classes
from linnet.solvers.smooth.few_folds import solve_class_folds
from tests.support.problems import columns_of_any_unit


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(
    ("fewest", "parameters"), [(few.FEWEST, few.PARAMETERS), (0, few.PARAMETERS), (0, 0)]
)
def test_folds_have_the_optima_that_they_have_alone(
    classes: int, intercept: bool, fewest: int, parameters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Newton's steps, by L-BFGS with whole Hessians, and without."""
    X, y, w = columns_of_any_unit(classes, 0, 60)
    views = np.stack([w * (np.arange(60) % 3 != fold) for fold in range(3)])
    X1, l2s = np.column_stack([X, np.ones(60)]), [1e-3, 1.0, 1e-2]
    monkeypatch.setattr(few, "FEWEST", fewest)
    monkeypatch.setattr(few, "PARAMETERS", parameters)
    found = solve_class_folds(X, y, classes, views, l2s, tol=1e-14, intercept=intercept)
    monkeypatch.undo()
    assert found is not None
    for view, models in zip(views, found, strict=True):
        kept = view > 0
        for l2, theta in zip(l2s, models, strict=True):
            alone = solve_classes(
                X[kept], y[kept], classes, view[kept], l2=l2, tol=1e-12, intercept=intercept
            )
            assert alone is not None
            apart = X1 @ (theta - alone.theta).T
            if classes > 2:  # what all classes have in common changes nothing
                apart -= apart.mean(1, keepdims=True)
            assert np.abs(apart).max() <= 1e-5


def test_folds_that_lack_a_class_are_left() -> None:
    X, y, _ = columns_of_any_unit(3, 0)
    views = np.stack([np.ones(40), (y != 1).astype(float)])
    assert solve_class_folds(X, y, 3, views, [0.1], tol=1e-9) is None
