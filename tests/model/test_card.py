from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

import linnet
from linnet.core.losses import LOSSES
from linnet.data.dataset import Dataset
from linnet.errors import ShapeError
from linnet.export import export_model
from linnet.model.card import Card, check_columns
from linnet.model.predictor import Predictor
from linnet.model.run import Run


def flowers(*columns: str) -> Dataset:
    X = torch.tensor([[1.0, 9.0], [2.0, 8.0], [7.0, 3.0], [8.0, 1.0]])
    y = torch.tensor([0, 0, 1, 1])
    return Dataset(X, y, "flowers", ("a", "b"), columns=columns, target="kind")


def test_rows_with_the_columns_in_another_order_are_not_scored_as_if_they_were_in_this() -> None:
    run = linnet.fit(flowers("petal", "sepal"), epochs=1, batch_size=2, show=False)
    run.check_fits(flowers("petal", "sepal"))
    with pytest.raises(
        ShapeError, match="in another order: its feature 1 is 'sepal', the model's is 'petal'"
    ):
        run.check_fits(flowers("sepal", "petal"))
    with pytest.raises(ShapeError, match="has other columns: its feature 2 is 'height'"):
        run.check_fits(flowers("petal", "height"))


def test_names_that_nobody_gave_fit_any() -> None:
    for theirs in ((), ("x0", "x1"), ("column 1", "column 2")):
        check_columns(("petal", "sepal"), theirs, "rows")
        check_columns(theirs, ("petal", "sepal"), "rows")


@pytest.mark.parametrize("how", ["fit", "solve", "sweep"])
def test_a_saved_model_knows_its_columns_and_its_target(how: str, tmp_path: Path) -> None:
    rows = flowers("petal", "sepal")
    if how == "fit":
        run = linnet.fit(rows, epochs=1, batch_size=2, show=False)
    elif how == "solve":
        run = linnet.solve(rows, l2=0.1).value
    else:
        run = linnet.sweep(rows, {"lr": [0.1]}, epochs=1, validation=0.5, show=False).refit()
    run.save(tmp_path)
    card = Run.load(tmp_path).card
    assert (card.columns, card.target) == (("petal", "sepal"), "kind")


def test_a_card_without_columns_is_read_and_written_as_before_there_were_any() -> None:
    card = Card("data", ("a", "b"), None, 1.0, "softmax")
    assert "columns" not in card.to_json()
    assert Card.from_json(card.to_json()) == card
    named = dataclasses.replace(card, columns=("p", "s"), target="kind")
    assert Card.from_json(named.to_json()) == named


@pytest.mark.parametrize("loss", [name for name in LOSSES if name != "poisson"])  # which is of counts
def test_a_model_of_classes_answers_with_probabilities_whatever_its_loss(loss: str, tmp_path: Path) -> None:
    rows = flowers("petal", "sepal")
    run = linnet.fit(rows, loss=loss, epochs=1, batch_size=2, lr=1e-3, dtype="float64", show=False)
    run.save(tmp_path)
    found = Predictor.open(tmp_path).answers(rows.X.numpy())
    np.testing.assert_allclose(found, run.probabilities(rows.X), rtol=1e-9)
    np.testing.assert_allclose(found.sum(1), 1)
    export_model(run, "numpy", tmp_path / "model.py", rows.X)  # refused where it answers otherwise
