from __future__ import annotations

import signal
import warnings
from collections.abc import Callable

import pytest
import torch

import linnet
from linnet.errors import MissingExtraError, needs_extra, on_ctrl_c, warn


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


def test_a_missing_extra_is_named_and_other_faults_pass() -> None:
    with pytest.raises(MissingExtraError, match=r"linnet\[web\]"), needs_extra("a page", "web"):
        raise ModuleNotFoundError("No module named 'fastapi'", name="fastapi")
    with pytest.raises(ModuleNotFoundError, match="own fault"), needs_extra("a page", "web"):
        raise ModuleNotFoundError("own fault", name="linnet.web.nothing")


def test_ctrl_c_is_handled_within_and_as_before_afterwards() -> None:
    before, struck = signal.getsignal(signal.SIGINT), []
    with on_ctrl_c(lambda number, frame: struck.append(number)):
        signal.raise_signal(signal.SIGINT)
    assert struck == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is before
