from __future__ import annotations

import dataclasses

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.errors import ShapeError, UsageError

X = torch.zeros(3, 4, dtype=torch.uint8)
Y = torch.tensor([0, 1, 1])


def test_what_it_knows(blobs: Dataset) -> None:
    assert (len(blobs), blobs.features, blobs.outputs, blobs.is_classification) == (300, 16, 3, True)
    assert blobs.images(slice(0, 2)).shape == (2, 4, 4)
    assert len(blobs.rows(slice(5, 9))) == 4
    regression = Dataset(X, torch.zeros(3, 2))
    assert (regression.outputs, regression.is_classification) == (2, False)
    with pytest.raises(UsageError, match="not images"):
        regression.images(slice(0, 1))


def test_the_checksum_is_of_the_content(blobs: Dataset) -> None:
    same = Dataset(blobs.X.clone(), blobs.y.clone(), "other", blobs.classes)
    assert same.checksum == blobs.checksum
    changed = blobs.X.clone()
    changed[7, 3] += 1
    assert Dataset(changed, blobs.y, classes=blobs.classes).checksum != blobs.checksum
    assert Dataset(blobs.X.float(), blobs.y, classes=blobs.classes).checksum != blobs.checksum


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"X": torch.zeros(3, 2, 2), "y": Y}, ShapeError, "flatten"),
        ({"X": X.bool(), "y": Y}, ShapeError, "real numbers"),
        ({"X": X, "y": Y[:2], "classes": ("a", "b")}, ShapeError, "3 rows but y has 2"),
        ({"X": X, "y": Y, "classes": ("a",)}, UsageError, "0…0"),
        ({"X": X, "y": Y.float(), "classes": ("a", "b")}, ShapeError, "int64"),
        ({"X": X, "y": Y}, ShapeError, "class names"),
        ({"X": X, "y": Y, "classes": ("a", "b"), "image_shape": (3, 3)}, ShapeError, "4 features"),
    ],
)
def test_what_cannot_be(arguments: dict[str, object], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Dataset(**arguments)  # type: ignore[arg-type]


def test_weights_and_soft_labels_go_with_the_rows() -> None:
    shares = torch.tensor([[0.2, 0.8], [1.0, 0.0], [0.5, 0.5]])
    data = Dataset(torch.zeros(3, 2), shares, classes=("a", "b"), weights=torch.tensor([1.0, 0.0, 2.5]))
    assert data.is_classification
    assert data.labels.tolist() == [1, 0, 0]
    part = data.rows(torch.tensor([2, 0]))
    assert part.weights is not None
    assert part.weights.tolist() == [2.5, 1.0]
    plain = dataclasses.replace(data, weights=None)
    assert plain.checksum != data.checksum


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        (torch.ones(2), ShapeError),
        (torch.ones(3, dtype=torch.int64), ShapeError),
        (torch.tensor([1.0, -1.0, 1.0]), UsageError),
        (torch.tensor([1.0, float("nan"), 1.0]), UsageError),
    ],
)
def test_weights_that_cannot_be_are_refused(weights: torch.Tensor, error: type[Exception]) -> None:
    with pytest.raises(error, match="weights"):
        Dataset(torch.zeros(3, 2), torch.zeros(3, 1), weights=weights)


@pytest.mark.parametrize("y", [torch.tensor([[0.5, 0.6]]), torch.tensor([[1.5, -0.5]]), torch.ones(1, 3)])
def test_soft_labels_that_are_no_shares_are_refused(y: torch.Tensor) -> None:
    with pytest.raises((UsageError, ShapeError), match="soft labels"):
        Dataset(torch.zeros(1, 2), y, classes=("a", "b"))


def test_a_regression_has_no_labels() -> None:
    with pytest.raises(UsageError, match="regression"):
        _ = Dataset(torch.zeros(2, 2), torch.zeros(2, 1)).labels


def test_rows_to_validate_on_in_other_units_are_refused() -> None:
    X, y = torch.tensor([[1.0], [2.0]]), torch.tensor([0, 1])
    kept = Dataset(X * 256, y, classes=("a", "b"), scale=1 / 256)
    with pytest.raises(UsageError, match="validate on have the scale 0"):
        Dataset(X, y, classes=("a", "b"), validation=kept)


@pytest.mark.parametrize("weight", [1e308, 1e-320])
def test_weights_without_a_sum_that_shares_can_be_taken_of_are_refused(weight: float) -> None:
    weights = torch.full((3,), weight, dtype=torch.float64)
    with pytest.raises(UsageError, match="the weights sum to"):
        Dataset(torch.zeros(3, 2), torch.zeros(3, 1), weights=weights)
