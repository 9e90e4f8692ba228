from __future__ import annotations

import matplotlib
import numpy as np

from linnet.plot.shades import as_diverging


def test_weights_have_the_colours_that_figures_give_them() -> None:
    weights = np.linspace(-2.5, 2.5, 1001)  # beyond the limit the full colour stays
    theirs = matplotlib.colormaps["RdBu_r"](weights / 4 + 0.5, bytes=True)[:, :3]
    np.testing.assert_allclose(as_diverging(weights, 2.0), theirs, atol=4)  # it has 256 steps
    assert as_diverging([[0.0]], 0.0).tolist() == [[[247, 247, 247]]]
