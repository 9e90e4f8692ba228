from __future__ import annotations

import pytest

from linnet.data.formats.array_names import find_pairs, is_known, split_name
from linnet.errors import FormatError


@pytest.mark.parametrize(
    ("name", "part", "role"),
    [
        ("X", "", "x"), ("x_train", "train", "x"), ("train_images", "train", "images"),
        ("X-val", "validation", "x"),
        ("valid.labels", "validation", "labels"), ("y_dev", "validation", "y"), ("test_y", "test", "y"),
        ("train_test", "", "train_test"), ("latest", "", "latest"),
    ],
)  # fmt: skip
def test_a_name_has_a_part_and_a_role(name: str, part: str, role: str) -> None:
    assert split_name(name) == (part, role)


def test_other_arrays_are_not_looked_at() -> None:
    assert [name for name in ("x", "y_test", "classes", "ids", "weights_train") if is_known(name)] == [
        "x", "y_test", "classes",
    ]  # fmt: skip


def test_the_arrays_of_each_part() -> None:
    names = [
        "test_labels",
        "train_images",
        "classes",
        "val_images",
        "train_labels",
        "val_labels",
        "test_images",
    ]
    found = find_pairs(names, "e")
    assert list(found) == ["train", "validation", "test"]
    assert found["validation"] == ("val_images", "val_labels")
    assert find_pairs(["x", "y", "labels"], "e") == {"train": ("x", "y")}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["x", "y", "x_train", "y_train"], "has x and x_train"),
        (["x_train", "y_train", "x_val", "x_valid", "y_val"], "has x_val and x_valid"),
        (["x_test", "y_test"], "must have the arrays X and y"),
        (["x", "y", "y_val"], "y_val without its features"),
        (["x", "y", "data", "target"], "has x and y, and data and target"),
        (["ids"], "none that is known"),
    ],
)
def test_what_leaves_a_question_open_is_refused(names: list[str], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        find_pairs(names, "e")
