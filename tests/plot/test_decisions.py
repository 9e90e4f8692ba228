from __future__ import annotations

import numpy as np

from linnet.config import Recipe
from linnet.data.split import split
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets, set_curve
from linnet.evaluate.evaluation import Evaluation
from linnet.train.fit import fit
from tests.support.figures import RUN, TEST, TRAIN, drawn, texts
from tests.support.requested import fitted_by


def test_sets_show_what_was_learnt_and_measured() -> None:
    seen = Evaluation(RUN, split(TRAIN, 0.2, fitted_by(RUN).seed)[1])
    judged = Evaluation(RUN, TEST)
    figure = drawn("sets")
    assert "learnt on 288 rows kept from training" in texts(figure)
    above, size, by_class, shares = figure.axes
    for number, method in enumerate(("lac", "aps")):
        curve, found = set_curve(seen, judged, method), coverage(learn_sets(seen, 0.1, method), judged)
        assert np.asarray(above.lines[1 + number].get_ydata()).tolist() == curve.coverage.tolist()
        assert np.asarray(size.lines[number].get_ydata()).tolist() == curve.mean_size.tolist()
        assert np.asarray(by_class.lines[number].get_xdata()).tolist() == found.by_class.tolist()
        bars = [bar.get_height() for bar in shares.containers[number]]
        np.testing.assert_allclose(bars, found.sizes[: len(bars)] / len(judged))
    said = texts(drawn("sets", alpha=0.3, randomised=True))
    assert "aps (randomised)" in said
    assert "0.7 asked for" in said
    seen_before = fit(TRAIN, Recipe(epochs=1, lr=0.5))[0]
    assert "training rows: no guarantee" in texts(drawn("sets", seen_before))
