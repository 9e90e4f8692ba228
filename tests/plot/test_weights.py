from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from linnet.errors import ShapeError, UsageError
from linnet.plot.classification import confusion_figure
from linnet.plot.weights import CLEAR, UNCLEAR, UNKNOWN, coefficients_figure, differences

NAN = float("nan")
TABLE = pd.DataFrame(
    {
        "output": ["a"] * 4 + ["b"] * 4,
        "feature": ["bias", "x", "y", "z"] * 2,
        "estimate": [9.0, 1.0, 0.2, 50.0, 9.0, -1.0, 0.0, 3.0],
        "low": [8.0, 0.5, -0.1, NAN, 8.0, -2.0, -1.0, 2.0],
        "high": [10.0, 1.5, 0.5, NAN, 10.0, -0.5, 1.0, 4.0],
    }
)


def test_a_panel_an_output_with_the_first_feature_on_top() -> None:
    first, second = coefficients_figure(TABLE, "both", level=0.9).axes
    assert (first.get_title(), second.get_title()) == ("a", "b")
    assert [label.get_text() for label in first.get_yticklabels()] == ["x", "y", "z"]
    bottom, top = first.get_ylim()
    assert bottom > top
    assert first.get_xlabel() == "estimate and 90 % interval"
    (only,) = coefficients_figure(TABLE.query("output == 'a'"), level=0.9, language="zh").axes
    assert only.get_xlabel() == "估计值与 90 % 区间"


def test_intervals_are_drawn_where_they_lie_and_coloured_by_whether_they_hold_0() -> None:
    axes = coefficients_figure(TABLE.head(4), bias=True).axes[0]
    clear, unclear, unknown, _ = axes.get_lines()
    assert [line.get_color() for line in (clear, unclear, unknown)] == [CLEAR, UNCLEAR, UNKNOWN]
    assert np.asarray(clear.get_xdata()).tolist() == [9.0, 1.0]
    assert np.asarray(unclear.get_xdata()).tolist() == [0.2]
    segments = axes.collections[0].get_segments()  # type: ignore[attr-defined]
    assert [segment[:, 0].tolist() for segment in segments] == [[8.0, 10.0], [0.5, 1.5]]


def test_an_estimate_without_an_interval_stays_at_the_edge() -> None:
    axes = coefficients_figure(TABLE.head(4)).axes[0]
    assert np.asarray(axes.get_lines()[2].get_xdata()).tolist() == [1.5]
    assert axes.get_xlim()[1] < 2


def test_the_clearest_are_chosen_of_many() -> None:
    axes = coefficients_figure(TABLE.tail(4), top=2).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "z"]


def test_nothing_to_draw_is_said() -> None:
    with pytest.raises(UsageError, match="no estimates to draw"):
        coefficients_figure(TABLE.head(0))


def test_differences_are_those_of_the_weights() -> None:
    W = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    mosaic = np.asarray(differences(W, (2, 3), ["a", "b", "c"]).axes[0].images[0].get_array())
    assert mosaic.shape == (9, 12)
    np.testing.assert_allclose(mosaic[0:2, 4:7], (W[0] - W[1]).view(2, 3))
    np.testing.assert_allclose(mosaic[6:8, 0:3], (W[2] - W[0]).view(2, 3))
    with pytest.raises(ShapeError):
        differences(W, (2, 2), ["a", "b", "c"])
    with pytest.raises(UsageError, match="at most 20"):
        differences(torch.ones(21, 4), (2, 2), [str(k) for k in range(21)])
    with pytest.raises(ShapeError):
        confusion_figure(torch.ones(2, 2), ["a", "b", "c"])


def test_differences_in_colour_are_of_the_rows_class() -> None:
    W = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    (axes,) = differences(W, (1, 1, 3), ["red", "blue"]).axes
    seen = np.asarray(axes.images[0].get_array())  # (4, 4, 3), each picture with a gap of a pixel
    assert seen[0, 2].tolist() == [1, 0.5, 0]
    assert seen[2, 0].tolist() == [0, 0.5, 1]
    assert seen[0, 0].tolist() == [1, 1, 1]
