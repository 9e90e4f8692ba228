from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import linnet
from linnet.data.dataset import Dataset
from linnet.data.split import draw_bags, hold_out, split, split_folds, unjudged_classes
from linnet.errors import UsageError
from linnet.evaluate.label_errors import label_errors, out_of_fold
from tests.support.blobs import make_blobs


def rows(*counts: int) -> Dataset:
    """Rows of as many classes, apart from each other."""
    y = torch.cat([torch.full((count,), k) for k, count in enumerate(counts)])
    X = torch.randn(len(y), 2, generator=torch.Generator().manual_seed(0)) + 3 * y[:, None]
    return Dataset(X, y, "rare", tuple("abcdefghij"[: len(counts)]))


COUNTS = st.lists(st.integers(1, 12), min_size=2, max_size=6)


@settings(max_examples=60)
@given(COUNTS, st.sampled_from([0.05, 0.2, 0.5, 0.9]), st.integers(0, 5))
def test_each_class_has_a_row_in_the_first_part_of_a_split(
    counts: list[int], share: float, seed: int
) -> None:
    try:
        first, second = split(rows(*counts), share, seed)
    except UsageError:
        return  # one part would be empty
    assert torch.bincount(first.labels, minlength=len(counts)).min() >= 1
    assert len(first) + len(second) == sum(counts)


@settings(max_examples=60)
@given(COUNTS, st.integers(2, 5), st.integers(0, 5))
def test_each_class_is_trained_on_in_each_fold_and_bag(counts: list[int], folds: int, seed: int) -> None:
    data = rows(*counts)
    try:
        views = [*split_folds(data, folds, seed), *draw_bags(data, 3, seed)]
    except UsageError:
        return  # too few rows
    for view in views:
        assert view.weights is not None
        assert torch.bincount(data.labels, view.weights, len(counts)).min() >= 1
        assert not view.weights[view.validation].any()
    alone = {name for name, count in zip(data.classes, counts, strict=True) if count == 1}
    assert set(unjudged_classes(data, views[:folds])) == alone


def test_a_sweep_with_a_class_of_one_row_scores_the_others_and_says_so() -> None:
    result = linnet.sweep(rows(30, 30, 1), {"lr": [0.1, 0.5]}, folds=5, metric="loss", epochs=5, show=False)
    assert result.unjudged == ("c",)
    assert result.summary()["unjudged"] == ["c"]
    assert all(math.isfinite(one.mean) for one in result.configurations)
    assert linnet.sweep(rows(30, 30, 5), {"lr": [0.1]}, folds=5, epochs=1, show=False).unjudged == ()


def test_a_validation_share_that_has_no_row_of_a_class_says_so() -> None:
    data = rows(40, 40, 2)
    assert unjudged_classes(data, hold_out(data, 0.1, 1)) == ("c",)
    assert unjudged_classes(data, hold_out(data, 0.4, 1)) == ()


def test_rows_set_aside_judge_a_sweep_and_a_class_without_any_is_named(tmp_path: Path) -> None:
    data = dataclasses.replace(rows(30, 30, 5), validation=rows(8, 8, 0))
    result = linnet.sweep(data, {"lr": [0.1, 0.5]}, epochs=1, show=False)
    result.save(tmp_path)  # it ended in "index is out of bounds"
    assert json.loads((tmp_path / "sweep.json").read_text())["unjudged"] == ["c"]
    assert linnet.sweep(data, {"lr": [0.1]}, folds=5, epochs=1, show=False).unjudged == ()


def test_the_only_row_of_a_class_is_no_suspect() -> None:
    data = rows(30, 30, 1)
    said = out_of_fold(data, linnet.Recipe(epochs=5, lr=0.5))
    assert said.weights is not None
    assert said.weights.tolist() == [1.0] * 60 + [0.0]
    assert 60 not in label_errors(said).rows.tolist()


def test_rows_that_are_each_a_class_are_refused_in_words() -> None:
    with pytest.raises(UsageError, match="classes with more than one row, and rare has 0"):
        split_folds(rows(1, 1, 1, 1), 2, 0)
    with pytest.raises(
        UsageError, match="one part would be empty, or the first would have no row of a class"
    ):
        split(rows(1, 1, 1, 1), 0.5)


@given(rows=st.integers(20, 200), folds=st.integers(2, 6), seed=st.integers(0, 99))
@example(rows=20, folds=2, seed=98)
def test_folds_share_out_the_rows_class_by_class(rows: int, folds: int, seed: int) -> None:
    dataset = make_blobs(rows, seed=seed)
    views = split_folds(dataset, folds, seed)
    judged = (dataset.y.bincount()[dataset.y] > 1).nonzero()[:, 0]  # the only row of a class judges nowhere
    assert torch.equal(torch.cat([v.validation for v in views]).sort().values, judged)
    for view in views:
        assert view.weights is not None
        assert torch.equal((view.weights == 0).nonzero()[:, 0], view.validation)
        for label in range(3):
            count = int((dataset.y[view.validation] == label).sum())
            assert abs(count - int((dataset.y == label).sum()) / folds) < 2


def test_a_share_is_held_out() -> None:
    dataset = make_blobs(100)
    (view,) = hold_out(dataset, 0.2, 3)
    assert view.weights is not None
    assert len(view.validation) == 20
    assert torch.equal((view.weights == 0).nonzero()[:, 0], view.validation)
    with pytest.raises(UsageError, match="folds must lie"):
        split_folds(dataset, 1, 0)


def test_bags_are_poisson_counts_judged_by_what_is_out() -> None:
    data = make_blobs(4000)
    views = draw_bags(data, 3, 5)
    for view in views:
        assert view.weights is not None
        assert float(view.weights.mean()) == pytest.approx(1, abs=0.06)
        assert float(view.weights.var()) == pytest.approx(1, abs=0.1)
        assert torch.equal((view.weights == 0).nonzero()[:, 0], view.validation)
        assert len(view.validation) / 4000 == pytest.approx(0.368, abs=0.03)
    assert views[0].weights is not None
    assert views[1].weights is not None
    assert not torch.equal(views[0].weights, views[1].weights)
    again = draw_bags(data, 3, 5)[0].weights
    assert again is not None
    assert torch.equal(again, views[0].weights)
    for wrong, rows in ((0, 100), (1, 1)):
        with pytest.raises(UsageError, match="bags"):
            draw_bags(data.rows(slice(0, rows)), wrong, 0)
