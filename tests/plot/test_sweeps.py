"""The figures of a sweep's table."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from linnet.plot.save import render
from linnet.plot.sweeps import sweep_figure


@pytest.mark.parametrize(
    ("metric", "scores", "said"),
    [
        ("validation_loss", [3.617e-10, 0.25, 1234.5, None], ["3.62e-10", "0.25", "1.23e+03", "—"]),
        ("validation_accuracy", [0.5, 0.8125, 1.0, None], ["0.500", "0.812", "1.000", "—"]),
    ],
)
def test_the_cells_of_two_hyperparameters_hold_scores_of_any_size(
    metric: str, scores: list[float | None], said: list[str]
) -> None:
    table = pd.DataFrame({"lr": [1, 1, 2, 2], "l2": [1, 2, 1, 2], metric: scores})
    figure = sweep_figure(table, ["lr", "l2"], metric)
    assert [text.get_text() for text in figure.axes[0].texts] == said


def test_settings_that_diverged_have_a_place_on_the_axis() -> None:
    scores = {name: [0.5, None, None] for name in ("validation_loss", "train_loss")}
    errors = {f"{name}_se": [0.1, None, None] for name in scores}
    figure = sweep_figure(
        pd.DataFrame({"lr": [0.1, 10.0, 1e5], **scores, **errors}), ["lr"], "validation_loss"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's, of an axis without a length
        render(figure, ".svg")
    low, high = figure.axes[0].get_xlim()
    assert low < 0.1
    assert high > 1e5
