from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.config import HYPERPARAMETERS, HYPERPARAMETERS_HELP, Hyperparameters, Recipe
from linnet.errors import UsageError


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"dropout": 1.0}, "dropout must lie in"),
        ({"label_smoothing": -0.1}, "label_smoothing must lie in"),
        ({"average": 1.5}, "average must lie in"),
        ({"pool": 0}, "pool must be a whole number"),
        ({"accumulate": True}, "accumulate must be a whole number"),
        ({"class_weight": "heavy"}, "class_weight is none, balanced"),
        ({"class_weight": "1"}, "class_weight is none, balanced"),
        ({"class_weight": (0.0, 0.0)}, "class_weight is none, balanced"),
        ({"class_weight": "1:-1"}, "class_weight is none, balanced"),
        ({"augment": "blur"}, "blur"),
        ({"optimizer": "lbfgs"}, "optimizer must be one of sgd"),
        ({"schedule": "steep"}, "schedule must be one of constant"),
        ({"optimizer": "adamw"}, "adamw is optimizer='adam' with weight_decay"),
        ({"optimizer": "asgd"}, "asgd is optimizer='sgd' with average"),
    ],
)
def test_what_cannot_be(wrong: dict[str, object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        Hyperparameters(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=match):
        Recipe(**wrong)  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=5).filter(any))
def test_a_class_weight_is_the_same_however_it_is_written(weights: list[float]) -> None:
    as_numbers = Hyperparameters(class_weight=tuple(weights))  # type: ignore[arg-type]
    as_text = Hyperparameters(class_weight=":".join(map(repr, weights)))
    assert as_numbers == as_text
    assert as_text.weights_of_classes([1.0] * len(weights)) == weights


def test_balanced_classes_weigh_alike() -> None:
    counts = [10.0, 30.0, 0.0, 60.0]
    weights = Hyperparameters(class_weight="balanced").weights_of_classes(counts)
    assert weights is not None
    assert [w * n for w, n in zip(weights, counts, strict=True)] == pytest.approx([25, 25, 0, 25])
    assert Hyperparameters().weights_of_classes(counts) is None
    with pytest.raises(UsageError, match="2 weights for 4 classes"):
        Hyperparameters(class_weight="1:2").weights_of_classes(counts)


def test_what_is_written_in_two_ways_is_one_setting() -> None:
    assert Hyperparameters(augment="shift") == Hyperparameters(augment="shift:2")
    assert Hyperparameters(augment="flip+shift") == Hyperparameters(augment="shift:2+flip:0.5")


def test_every_knob_is_explained_on_the_command_line() -> None:
    assert {field.name for field in dataclasses.fields(Hyperparameters)} == {"lr", *HYPERPARAMETERS}
    for name in ("lr", *HYPERPARAMETERS):
        assert f"\n        {name}: " in HYPERPARAMETERS_HELP
