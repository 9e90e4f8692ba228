from __future__ import annotations

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
