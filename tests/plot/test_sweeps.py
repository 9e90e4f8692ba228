"""The figures of a sweep's table."""

from __future__ import annotations

import pandas as pd
import pytest

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
