from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from linnet.plot.search import tune_figure
from linnet.plot.sweeps import generalisation_figure, sweep_figure
from linnet.plot.ticks import thin

RATES = [float(f"{rate:.4g}") for rate in np.geomspace(1e-4, 1, 16)]
DRAWN = np.random.default_rng(0).random(40).tolist()
CHANGES = ["none", "shift:2+rotate:10", "shift:3+rotate:20+erase:4", "flip+shift:2+noise:0.1", "crop:24"]
GRIDS = {
    "three settings": {"lr": RATES, "l2": [0, *RATES], "momentum": [0, 0.5, 0.9]},
    "drawn at random": {"lr": DRAWN, "l2": DRAWN},
    "names across": {"lr": RATES[:8], "augment": CHANGES},
    "names down": {"augment": CHANGES, "lr": RATES[:8]},
    "names alone": {"augment": CHANGES},
    "a name among numbers": {"clip": ["none", *(k / 10 for k in range(1, 20))]},
}


def table_of(grid: dict[str, list[Any]]) -> pd.DataFrame:
    source = np.random.default_rng(0)
    table = pd.DataFrame([dict(zip(grid, one, strict=True)) for one in itertools.product(*grid.values())])
    for name in ("train_loss", "validation_loss", "validation_accuracy"):
        table[name], table[f"{name}_se"] = source.random(len(table)), np.nan
    return table


def crowded(axis: Axis, is_across: bool) -> list[str]:
    """Labels that are nearer to the next than they are wide or high, across the line on which they stand."""
    low, high = sorted(axis.get_view_interval())
    texts = [text for text in axis.get_ticklabels(which="both") if text.get_text()]
    places = [(text.get_position()[0 if is_across else 1], text) for text in texts]
    shown = [text for place, text in sorted(places, key=lambda one: one[0]) if low <= place <= high]
    turned = math.radians(shown[0].get_rotation()) if shown else 0.0
    for text in shown:
        text.set_rotation(0)  # as it is measured
    boxes = [text.get_window_extent() for text in shown]
    sizes = [box.width if is_across and not turned else box.height for box in boxes]
    ends = [text.get_transform().transform(text.get_position())[0 if is_across else 1] for text in shown]
    apart = np.abs(np.diff(ends)) * (math.sin(turned) if is_across and turned else 1)
    needed = [(one + other) / 2 for one, other in itertools.pairwise(sizes)]
    return [shown[k].get_text() for k in np.flatnonzero(apart < needed)]


def check(figure: Figure) -> None:
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        assert not crowded(axes.xaxis, True)
        assert not crowded(axes.yaxis, False)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_ticks_of_a_sweep_do_not_overprint_each_other(grid: dict[str, list[Any]]) -> None:
    figure = sweep_figure(table_of(grid), list(grid), "validation_accuracy")
    check(figure)
    ends = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert len(ends) >= 5


def test_the_ends_of_a_grid_are_named() -> None:
    grid = GRIDS["three settings"]
    axes = sweep_figure(table_of(grid), list(grid), "validation_accuracy").axes[0]
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert labels[-1].get_text() == "1"
    assert axes.get_yticklabels()[0].get_text() == "0.0001"


def test_ticks_of_a_study_do_not_overprint_each_other() -> None:
    grid = {"augment": CHANGES, "lr": RATES[:4], "momentum": [0.0, 0.5]}
    check(tune_figure(table_of(grid), list(grid), "validation_accuracy"))


def test_ticks_of_losses_of_less_than_a_decade_do_not_overprint_each_other() -> None:
    table = table_of({"lr": DRAWN})
    source = np.random.default_rng(0)
    table["train_loss"], table["validation_loss"] = 10 ** source.uniform(-0.3, 0.9, (2, 40))
    figure = generalisation_figure(table)
    check(figure)
    assert "2" in [text.get_text() for text in figure.axes[0].get_xticklabels(minor=True)]


@pytest.mark.parametrize("count", range(1, 50))
@pytest.mark.parametrize("most", [2, 7.5, 20])
def test_thinned_places_keep_the_ends_and_their_distance(count: int, most: float) -> None:
    places = thin(count, most)
    assert places[0] == 0
    assert len(places) <= most
    assert len(places) == 1 or places[-1] == count - 1
    gaps = np.diff(places)
    assert not len(gaps) or gaps.min() >= count / most - 1
