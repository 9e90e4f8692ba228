from __future__ import annotations

import numpy as np
import pandas as pd

from linnet.i18n import say
from linnet.plot.optimum import path_figure

TABLE = pd.DataFrame(
    {
        "penalty": [1.0, 0.1, 0.01],
        "train_loss": [3.0, 2.0, 1.0],
        "nonzeros": [0, 1, 2],
        "validation_loss": [3, 2, 4],
    }
)


def test_the_least_validation_loss_is_marked_in_both_languages() -> None:
    weights = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, -1.0]])
    for language in ("en", "zh"):
        above, below = path_figure(TABLE, weights, "l1", "t", language).axes
        assert len(above.get_lines()) == 2
        assert above.get_ylabel() == say("plot.weight", language)
        legend = below.get_legend()
        assert legend is not None
        assert legend.get_texts()[-1].get_text() == say("plot.best_penalty", language, penalty="0.1")
