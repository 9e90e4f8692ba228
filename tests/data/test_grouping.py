from __future__ import annotations

import datetime
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold, TimeSeriesSplit

from linnet.data.dataset import Dataset
from linnet.data.split import Fold, draw_bags, hold_out, keep_apart, set_aside, split, split_folds
from linnet.errors import ShapeError, UsageError


def grouped(labels: list[int], groups: list[int]) -> Dataset:
    """Rows of classes and groups."""
    y = torch.tensor(labels)
    X = torch.arange(len(y), dtype=torch.float64)[:, None]
    return Dataset(X, y, "rows", tuple("abcd"[: int(y.max()) + 1]), groups=torch.tensor(groups))


def timed(times: list[int]) -> Dataset:
    """A regression whose rows have times."""
    values = torch.arange(len(times), dtype=torch.float64)[:, None]
    return Dataset(values, values, "rows", times=torch.tensor(times))


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=4, max_size=60)


def parted(data: Dataset, fold: Fold) -> bool:
    """Whether a group is trained on in a fold and judges it."""
    assert data.groups is not None
    trained = set(data.groups[fold.weights > 0].tolist())
    return bool(trained & set(data.groups[fold.validation].tolist()))


@settings(max_examples=80)
@given(ROWS, st.integers(2, 4), st.integers(0, 3))
def test_no_group_is_on_both_sides_and_each_class_is_trained_on(
    rows: list[tuple[int, int]], count: int, seed: int
) -> None:
    data = grouped([label for label, _ in rows], [group for _, group in rows])
    for make in (lambda: split_folds(data, count, seed), lambda: hold_out(data, 0.3, seed)):
        try:
            folds = make()
        except UsageError:
            continue  # too few groups
        for fold in folds:
            assert len(fold.validation)
            assert not parted(data, fold)
            assert set(data.y[fold.weights > 0].tolist()) == set(data.y.tolist())
    for bag in draw_bags(data, 2, seed) if len(set(data.groups.tolist())) > 8 else ():  # type: ignore[union-attr]
        assert not parted(data, bag)


def test_folds_of_groups_have_the_classes_as_even_as_scikit_learns() -> None:
    source = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), source.integers(1, 12, 60))
    labels = (source.random(60)[groups] < 0.3).astype(int) + (source.random(len(groups)) < 0.1)
    data = grouped(labels.tolist(), groups.tolist())

    def unevenness(judged: list[np.ndarray]) -> float:
        return float(np.std([np.bincount(labels[rows], minlength=3) for rows in judged], axis=0).sum())

    ours = unevenness([fold.validation.numpy() for fold in split_folds(data, 5, 1)])
    theirs = StratifiedGroupKFold(5, shuffle=True, random_state=1).split(labels, labels, groups)
    assert ours <= 1.2 * unevenness([judged for _, judged in theirs])
    _, kept = split(data, 0.2, 1)
    assert abs(len(kept) / len(data) - 0.2) < 0.01
    assert abs(float(kept.y.double().mean() / data.y.double().mean()) - 1) < 0.05


def test_folds_by_time_are_scikit_learns_expanding_windows() -> None:
    times = np.random.default_rng(0).permutation(53)
    folds = split_folds(timed(times.tolist()), 4, 1)
    order = np.argsort(times)
    for fold, (trained, judged) in zip(folds, TimeSeriesSplit(4).split(order), strict=True):
        assert set(fold.validation.tolist()) == set(order[judged].tolist())
        assert set(fold.weights.nonzero()[:, 0].tolist()) == set(order[trained].tolist())


@settings(max_examples=60)
@given(st.lists(st.integers(0, 8), min_size=6, max_size=40), st.integers(2, 4))
def test_rows_of_one_time_are_on_one_side_and_none_is_judged_by_later_ones(
    times: list[int], count: int
) -> None:
    data, at = timed(times), np.array(times)
    folds = list[Fold]()
    for make in (lambda: split_folds(data, count, 1), lambda: hold_out(data, 0.25, 1)):
        try:
            folds += make()
        except UsageError:
            assert len(set(times)) <= count
    for fold in folds:
        assert at[fold.weights.numpy() > 0].max() < at[fold.validation.numpy()].min()


def test_validation_rows_are_of_other_groups_and_keep_theirs() -> None:
    data = grouped([0, 1] * 20, [k // 4 for k in range(40)])
    train, kept = keep_apart(data, 0.25)
    assert kept is not None
    assert not set(train.groups.tolist()) & set(kept.groups.tolist())  # type: ignore[union-attr]
    whole, (fold,) = set_aside(train, kept)
    assert whole.groups is not None
    assert not parted(whole, fold)
    assert whole.checksum != data.checksum


def test_groups_and_times_may_be_names_numbers_or_dates() -> None:
    X, y = torch.zeros(4, 1), torch.zeros(4, 1)
    days: Any = np.array(["2024-02-01"] * 3 + ["2023-01-01"], "M8[D]")
    names: Any = ["b", "a", "b", "c"]
    named = Dataset(X, y, groups=names, times=days)
    assert named.groups is not None
    assert named.groups.tolist() == [1, 0, 1, 2]
    assert named.times is not None
    assert named.times.tolist() == [1, 1, 1, 0]
    assert named.rows(slice(2, 4)).groups.tolist() == [1, 2]  # type: ignore[union-attr]
    with pytest.raises(ShapeError, match="one a row"):
        Dataset(X, y, groups=[1, 2])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="missing"):
        Dataset(X, y, times=[1.0, np.nan, 2.0, 3.0])  # type: ignore[arg-type]


DAYS = [datetime.date(2024, 10, 9), datetime.datetime(2024, 9, 10, 1), datetime.date(2023, 12, 31)]


@pytest.mark.parametrize(
    ("times", "places"),
    [
        (np.array([9, 10, 8], object), [1, 2, 0]),
        (np.array([9.5, 10, -8], object), [1, 2, 0]),
        (DAYS, [2, 1, 0]),
        (["2024-10-09", "2024-09-10T01", "2023-12-31"], [2, 1, 0]),
        (pd.Series([9, 10, 8], dtype="Int64"), [1, 2, 0]),
        (pd.Series(DAYS), [2, 1, 0]),
    ],
)
def test_times_of_objects_are_ordered_as_what_they_are(times: Any, places: list[int]) -> None:
    data = Dataset(torch.zeros(3, 1), torch.zeros(3, 1), times=times)
    assert data.arrays.times is not None
    assert data.arrays.times.tolist() == places


@pytest.mark.parametrize(
    ("what", "values", "said"),
    [
        ("groups", ["a", None, "b"], "entry 1 is None"),
        ("groups", pd.Series(["a", np.nan, "b"]), "entry 1 is nan"),
        ("groups", ["1", 1, "b"], "entry 1 is 1"),
        ("groups", pd.Series([1, None, 2], dtype="Int64"), "missing|<NA>"),
        ("times", [9, None, 8], "entry 1 is None"),
        ("times", ["9/10/2024", "10/9/2024", "1/1/2023"], "or dates without"),
        ("times", ["2024-01-01T00+02:00", "2024-01-01T00+01:00", "2023"], "zones"),
        ("times", ["2024-01-01", "NaT", "2023-01-01"], "missing"),
        ("times", [datetime.date(2024, 1, 1), 3, datetime.date(2023, 1, 1)], "entry 0"),
    ],
)
def test_groups_and_times_that_are_missing_or_have_no_order_are_refused(
    what: str, values: Any, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        Dataset(torch.zeros(3, 1), torch.zeros(3, 1), **{what: values})


def test_too_few_groups_or_times_are_refused_and_bags_by_time() -> None:
    few = grouped([0, 1, 0, 1], [0, 0, 1, 1])
    with pytest.raises(UsageError, match="2 groups of rows cannot make 3 folds"):
        split_folds(few, 3, 1)
    with pytest.raises(UsageError, match="4 folds by time need more than 4 different times"):
        split_folds(timed([1, 1, 2, 2, 3, 3, 4, 4]), 4, 1)
    with pytest.raises(UsageError, match="of one time"):
        split(timed([5, 5, 5]), 0.3)
    with pytest.raises(UsageError, match="use folds"):
        draw_bags(timed([*range(9)]), 2, 1)


def test_a_share_below_that_of_any_group_is_the_least_group() -> None:
    data = grouped([0, 1] * 10, [0] * 6 + [1] * 8 + [2] * 6)
    _, kept = split(data, 0.05)
    assert len(kept) == 6
    with pytest.raises(UsageError, match="cannot make 2 parts"):
        split(grouped([0, 0, 1, 1], [0, 0, 1, 1]), 0.25)


def test_the_seed_draws_other_groups() -> None:
    data = grouped([0] * 40, [k // 4 for k in range(40)])
    kept = [frozenset(split(data, 0.2, seed)[1].groups.tolist()) for seed in range(6)]  # type: ignore[union-attr]
    assert len(set(kept)) > 1
    assert all(len(a) == len(b) == 2 for a, b in itertools.pairwise(kept))
