from __future__ import annotations

import numpy as np
import pytest

from linnet.evaluate.contributions import Contributions, contributions
from linnet.plot.contributions import contributions_figure
from tests.support.figures import RUN, TEST, drawn


def test_contributions_of_images_and_of_columns() -> None:
    found = contributions(RUN, TEST.X[4])
    figure = drawn("contributions")
    first, second = [axes for axes in figure.axes if axes.images][:2]
    np.testing.assert_array_equal(np.asarray(first.images[0].get_array()), TEST.images(slice(4, 5))[0])
    best = int(found.scores.argmax())
    image = np.asarray(second.images[0].get_array())
    np.testing.assert_allclose(image, found.parts[best].reshape(8, 8))
    assert second.get_title().startswith(f"{best}\nscore {float(found.scores[best]):.4g}, bias ")
    plain = contributions_figure(found, TEST.classes, TEST.X[4])
    widths = [bar.get_width() for bar in plain.axes[0].patches]  # type: ignore[attr-defined]
    assert widths[-1] == pytest.approx(float(max(found.parts[best], key=abs)))
    assert len(widths) == 12


def test_the_contribution_of_a_pixel_is_that_of_its_colours_together() -> None:
    parts = np.arange(12.0).reshape(1, 12)
    found = Contributions(parts, np.zeros(1))
    x = np.arange(12, dtype=np.uint8) * 20
    first, second = contributions_figure(found, ["a"], x, (2, 2, 3), scale=1 / 255).axes[:2]
    np.testing.assert_allclose(np.asarray(first.images[0].get_array()), x.reshape(2, 2, 3) / 255)
    assert np.asarray(second.images[0].get_array()).tolist() == [[3, 12], [21, 30]]


def test_scores_of_any_size_are_told_to_four_digits() -> None:
    found = Contributions(np.full((1, 4), 3e-5), np.array([2e-6]))
    figure = contributions_figure(found, ["price"], np.ones(4, np.uint8), (2, 2))
    assert figure.axes[1].get_title() == "price\nscore 0.000122, bias +2e-06"
