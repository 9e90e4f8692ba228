from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch

import linnet
from linnet.errors import warn


def same_column_twice() -> linnet.Dataset:
    source = torch.Generator().manual_seed(0)
    x = torch.randn(30, 1, generator=source, dtype=torch.float64)
    y = x + torch.randn(30, 1, generator=source, dtype=torch.float64)
    return linnet.Dataset(torch.cat([x, x], 1), y, "twice")


def apart() -> linnet.Dataset:
    X = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]], dtype=torch.float64)
    return linnet.Dataset(X, torch.tensor([0, 0, 1, 1]), "apart", ("a", "b"))


@pytest.mark.parametrize(
    "call",
    [
        lambda: linnet.solve(same_column_twice()),
        lambda: linnet.solve(apart()),
        lambda: linnet.infer(linnet.solve(same_column_twice()).value, same_column_twice()),
        lambda: linnet.regularization_path(
            same_column_twice(), l2s=[10.0, 1.0, 0.1], validation=same_column_twice()
        ),
    ],
)
def test_a_warning_names_the_line_that_called_into_linnet(call: Callable[[], object]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert {warning.filename for warning in caught} == {__file__}


def test_a_warning_is_of_the_callers_line_where_nothing_lies_between() -> None:
    with pytest.warns(UserWarning, match="^something$") as caught:
        warn("something")
    assert caught[0].filename == __file__
