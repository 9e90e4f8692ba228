"""Classes that are told apart without error are found, by the exact test of a linear programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize
import torch

from linnet.core.penalties import Penalty
from linnet.data.dataset import Dataset
from linnet.errors import SeparationWarning
from linnet.inference.infer import infer as typed_infer
from tests.support.problems import LOGISTIC, SOFTMAX, table
from tests.support.solutions import solve_smooth

infer: Any = typed_infer  # pandas has no types

CLASSES = ("no", "yes")


def separated(X: np.ndarray, y: np.ndarray, classes: int) -> bool:
    """Whether some direction tells rows apart without error: a linear programme (Konis 2007)."""
    columns = X.shape[1]
    constraints = []
    for x, own in zip(X, y, strict=True):
        for other in range(classes):
            if other != own:
                row = np.zeros((classes, columns))
                row[own], row[other] = x, -x
                constraints.append(row.ravel())
    A = np.array(constraints)
    found = scipy.optimize.linprog(-A.sum(0), -A, np.zeros(len(A)), bounds=(-1, 1), method="highs")
    return bool(-found.fun > 1e-6)


def few(seed: int, classes: int, rows: int) -> Dataset:
    """Rows with small whole numbers, which are often told apart in part."""
    source = torch.Generator().manual_seed(seed)
    X = torch.randint(0, 3, (rows, 2), generator=source).double()
    y = torch.randint(0, classes, (rows,), generator=source)
    return Dataset(X, y, "few", tuple("abc"[:classes]))


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.filterwarnings("ignore::linnet.errors.CollinearWarning")
def test_it_is_found_just_when_a_linear_programme_finds_it(seed: int, classes: int) -> None:
    dataset = few(seed, classes, 7 + 3 * (seed % 5) * classes)
    X = np.column_stack([dataset.X.numpy(), np.ones(len(dataset))])
    right = separated(X, dataset.y.numpy(), classes)
    solution = solve_smooth(dataset, SOFTMAX)
    if right:
        with pytest.warns(SeparationWarning):
            found = infer(solution, dataset)
        assert (found.table["note"] == "separated").any()
    else:
        assert not (infer(solution, dataset).table["note"] == "separated").any()


def test_all_rows_told_apart() -> None:
    X = torch.linspace(-2, 2, 20, dtype=torch.float64)[:, None]
    dataset = Dataset(X, (X[:, 0] > 0).long(), "apart", CLASSES)
    with pytest.warns(SeparationWarning, match="no, yes apart without error"):
        found = infer(solve_smooth(dataset, SOFTMAX), dataset)
    assert found.table["standard_error"].isna().all()
    assert "separated" in str(found)
    assert "Note: the rows tell no, yes apart" in str(found)


def test_a_column_that_tells_some_rows_apart_leaves_the_others_their_errors() -> None:
    base = table(200, classes=2)
    flag = torch.zeros(200, 1, dtype=torch.float64)
    flag[(base.y == 1).nonzero().flatten()[:7]] = 1
    dataset = Dataset(torch.cat([base.X, flag], 1), base.y, "quasi", CLASSES)
    with pytest.warns(SeparationWarning):
        found = infer(solve_smooth(dataset, SOFTMAX), dataset)
    assert found.table["note"].tolist() == [""] * 6 + ["separated"]
    rest = dataset.rows(flag[:, 0] == 0)  # the others are fitted as if these rows were not there
    right = infer(solve_smooth(Dataset(rest.X[:, :-1], rest.y, "rest", CLASSES), SOFTMAX),
                  Dataset(rest.X[:, :-1], rest.y, "rest", CLASSES))  # fmt: skip
    np.testing.assert_allclose(found.table["standard_error"][:6], right.table["standard_error"], rtol=1e-3)


def test_the_one_class_that_is_apart_is_named() -> None:
    base = table(300, classes=2)
    far = torch.full((40, 5), 500.0, dtype=torch.float64) + torch.randn(
        40, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    y = torch.cat([base.y, torch.full((40,), 2)])
    dataset = Dataset(torch.cat([base.X, far]), y, "far", ("a", "b", "c"))
    with pytest.warns(SeparationWarning, match="tell c apart"):
        infer(solve_smooth(dataset, SOFTMAX), dataset)
    with pytest.warns(SeparationWarning, match="tell c apart"):
        infer(solve_smooth(dataset, LOGISTIC), dataset)


def test_a_class_without_rows_is_apart() -> None:
    base = table(200, classes=2)
    dataset = Dataset(base.X, base.y, "absent", ("a", "b", "never"))
    with pytest.warns(SeparationWarning, match="tell never apart"):
        infer(solve_smooth(dataset, SOFTMAX), dataset)


def test_l2_ends_it() -> None:
    X = torch.linspace(-2, 2, 20, dtype=torch.float64)[:, None]
    dataset = Dataset(X, (X[:, 0] > 0).long(), "apart", CLASSES)
    found = infer(solve_smooth(dataset, SOFTMAX, Penalty(1e-2)), dataset)
    assert (found.table["note"] == "").all()
    assert found.table["standard_error"].notna().all()
