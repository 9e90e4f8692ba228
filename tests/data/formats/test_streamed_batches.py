"""Batches of Python iterables as a stream: the rows of memory, gone through anew for every pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import linnet
from linnet.data.batches import Batches
from linnet.data.streams import rows as streamed
from linnet.errors import DataError, FormatError, LinnetError, ShapeError, UsageError
from linnet.evaluate.evaluation import Evaluation

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _own_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same numbers for a test, whichever ran before it."""
    monkeypatch.setattr(f"{__name__}.RNG", np.random.default_rng(0))


Pair = tuple[np.ndarray, np.ndarray]


def rows(count: int = 330, features: int = 5) -> Pair:
    """Rows that their classes tell, the first number of each being its place."""
    y = RNG.integers(0, 3, count)
    X = RNG.normal(size=(count, features)) + y[:, None]
    X[:, 0] = np.arange(count)
    return X.astype(np.float32), y


def cut(X: Any, y: Any, size: int = 50) -> Callable[[], Iterator[tuple[Any, Any]]]:
    """A function that gives the rows in batches."""
    return lambda: ((X[low : low + size], y[low : low + size]) for low in range(0, len(X), size))


def test_rows_are_those_of_memory_and_split_as_arrays_in_files() -> None:
    X, y = rows()
    np.savez("a.npz", X=X, y=y)
    here, memory = linnet.load(cut(X, y), stream=True), linnet.load("a.npz")
    for own, other in zip(here, memory, strict=True):
        assert own is not None
        assert other is not None
        assert own.is_streamed
        assert torch.equal(own.X[:], other.X)
        assert torch.equal(own.y, other.y)
        assert (own.classes, own.columns) == (other.classes, other.columns)
        assert torch.equal(own.X[torch.tensor([40, 3, 3])], other.X[[40, 3, 3]])
    assert here.train.origin is None
    assert len(linnet.load(cut(X, y), stream=True, split="none").train) == 330
    assert len(linnet.load(cut(X, y), stream=True, hold_out=False).train) == 330
    assert len(linnet.load(cut(X, y), stream=True, test_size=0.1).test or ()) == 33
    others = linnet.load(cut(X, y), stream=True, test=cut(X[:90], y[:90] % 2))
    assert others.test is not None
    assert (len(others.train), len(others.test), others.test.classes) == (330, 90, ("0", "1", "2"))


@pytest.mark.parametrize(
    "make",
    [
        lambda X, y: [(X[:200], y[:200]), (X[200:], y[200:])],
        lambda X, y: cut(torch.from_numpy(X), torch.from_numpy(y)),
        lambda X, y: DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(y)), batch_size=64),
        lambda X, y: cut(pd.DataFrame(X), pd.Series(y)),
        lambda X, y: cut(X, y[:, None]),
        lambda X, y: cut(X.astype(np.float64), np.array(["a", "b", "c"])[y]),
        lambda X, y: lambda: [*cut(X, y)(), (X[:0], y[:0])],
    ],
)
def test_batches_may_be_of_many_kinds(make: Callable[..., Any]) -> None:
    X, y = rows()
    train = linnet.load(make(X, y), stream=True, hold_out=False).train
    assert torch.equal(train.X[:].float(), torch.from_numpy(X))
    assert train.y.tolist() == y.tolist()
    assert linnet.fit(train, epochs=1).history.last["train_loss"] > 0


def test_images_keep_their_shape_and_bytes_their_scale() -> None:
    X, y = RNG.integers(0, 255, (80, 1, 4, 5)).astype(np.uint8), np.arange(80) % 2
    train = linnet.load(cut(X, y), stream=True).train
    assert (train.image_shape, train.scale, train.dtype) == ((4, 5), 1 / 255, "uint8")
    X = RNG.integers(0, 255, (80, 3, 4, 5)).astype(np.uint8)
    assert linnet.load(cut(X, y), stream=True, color=True).train.image_shape == (4, 5, 3)


def test_a_window_is_shuffled_and_rows_come_once_in_an_order_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 40)
    X, y = rows()
    train = linnet.load(cut(X, y), stream=True, hold_out=False).train
    orders = []
    for epoch in (0, 1, 0):
        blocks = list(Batches(train, 32, seed=3).blocks(epoch))
        order = torch.cat([block.rows for block in blocks])  # type: ignore[misc]
        assert torch.equal(torch.cat([block.X for block in blocks])[:, 0].long(), order)
        assert sorted(order.tolist()) == list(range(330))
        assert int((order - torch.arange(330)).abs().max()) < 64  # within its window
        orders.append(order.tolist())
    assert orders[0] == orders[2] != orders[1]


def test_the_same_order_gives_the_same_model_and_training_goes_on_bit_for_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 40)
    X, y = rows()
    X[:, 0] = 0
    train = linnet.load(cut(X, y), stream=True, hold_out=False).train
    options = {"lr": 0.1, "batch_size": 32}
    run = linnet.fit(train, epochs=4, **options)
    _, engine = linnet.train.fit.fit(train, linnet.Recipe(epochs=2, **options))  # type: ignore[attr-defined]
    again, _ = linnet.train.fit.fit(  # type: ignore[attr-defined]
        train, linnet.Recipe(epochs=4, **options), resume=engine.checkpoint()
    )
    assert torch.equal(again.bank.theta, run.bank.theta)
    monkeypatch.setattr(
        Batches, "shuffle", property(lambda self: False, lambda self, value: None), raising=False
    )
    memory = linnet.Dataset(torch.from_numpy(X), torch.from_numpy(y), classes=("0", "1", "2"))
    one, other = (linnet.fit(data, epochs=2, dtype="float64", **options) for data in (train, memory))
    assert torch.allclose(one.bank.theta, other.bank.theta, rtol=1e-12, atol=1e-12)


def test_a_regression_is_solved_and_a_run_evaluated() -> None:
    X, _ = rows()
    X[:, 0] = 1
    y = X @ np.array([0, 1, 2, 3, 4]) + RNG.normal(size=330)
    splits = linnet.load(cut(X, y), stream=True)
    here = linnet.solve(splits.train, l2=0.1)
    kept = linnet.Dataset(splits.train.X[:], splits.train.y)
    assert torch.allclose(here.value.bank.theta, linnet.solve(kept, l2=0.1).value.bank.theta, rtol=1e-9)
    run = linnet.fit(splits.train, epochs=2, loss="squared", test=splits.test)
    assert Evaluation(run, splits.test).losses.mean() == pytest.approx(
        run.history.last["test_loss"], rel=1e-4
    )


def test_memory_holds_no_more_than_a_window() -> None:
    def batches() -> Iterator[Pair]:
        for number in range(400):
            alive.add(number)
            yield np.full((100, 1000), number, np.float32), np.arange(100) % 2

    alive = set[int]()
    train = linnet.load(batches, stream=True, hold_out=False).train
    alive.clear()
    next(Batches(train, 100).blocks(0))
    assert len(alive) < 200  # of 400: those of two windows


def test_batches_that_differ_in_a_later_pass_are_noticed() -> None:
    X, y = rows()
    passes = list[int]()

    def longer() -> Iterator[Pair]:
        passes.append(1)
        yield from cut(X, y, 50 - len(passes))()

    def shuffled() -> Iterator[Pair]:
        order = np.random.default_rng().permutation(len(X))
        yield from cut(X[order], y[order])()

    for source in (longer, shuffled, DataLoader(TensorDataset(*map(torch.from_numpy, (X, y))), 50, True)):
        train = linnet.load(source, stream=True).train
        with pytest.raises(DataError, match="batch 1 is another than in the first pass"):
            linnet.fit(train, epochs=1)
    once = cut(X, y)()
    train = linnet.load(lambda: once, stream=True).train
    with pytest.raises(DataError, match=r"ended after 0 of 7: give a function"):
        linnet.fit(train, epochs=1)


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        (iter([]), UsageError, r"a list_iterator can be gone through once.*lambda: batches"),
        (lambda: [], FormatError, "no batches"),
        (lambda: 3, UsageError, "gave a int: it returns an iterator"),
        ([np.zeros((3, 2))], UsageError, r"batch 1 is a ndarray: each is a pair \(X, y\)"),
        ([(np.zeros((3, 2)), np.zeros(3), np.ones(3))], UsageError, "batch 1 is a tuple of 3"),
        ([(np.zeros((3, 2)), np.zeros(2))], FormatError, "batch 1 has 3 rows of features but y of"),
        ([(np.zeros((3, 2)), np.arange(3.0))] * 2 + [(np.zeros((3, 1)), np.arange(3.0))], FormatError,
         "batch 3 has rows of another shape"),
        ([(np.full((3, 2), np.nan), np.arange(3.0))], FormatError, "batch 1, row 1 has a number that is"),
        ([(np.array([["a"]]), np.arange(1.0))], UsageError, "X of batch 1 must hold numbers"),
        (TensorDataset(torch.zeros(3, 2), torch.zeros(3)), LinnetError, "batch 1"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(source: Any, error: type[LinnetError], said: str) -> None:
    with pytest.raises(error, match=said):
        linnet.load(source, stream=True, hold_out=False).train.X[:]


def test_what_is_said_of_other_data_is_refused_and_stream_must_be_said() -> None:
    source = cut(*rows())
    for options in ({"target": "a"}, {"split": "time", "time": "a"}, {"test": source, "test_size": 0.5}):
        with pytest.raises(UsageError, match=r"is of a table|come as batches of their own"):
            linnet.load(source, stream=True, **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="stream=True"):
        linnet.load(source)
    with pytest.raises((UsageError, ShapeError), match=r"linnet\.Dataset"):
        linnet.load(np.zeros((3, 2)), stream=True)


def test_rows_that_come_by_their_classes_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "WINDOW_BYTES", 64 * 40)
    X, _ = rows()
    with pytest.warns(UserWarning, match=r"come by their classes: of 10 about [123] are among the"):
        linnet.load(cut(X, np.arange(330) // 33), stream=True)
