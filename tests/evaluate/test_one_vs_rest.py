from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn import metrics

from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.one_vs_rest import ByClass, precision_recall, roc
from tests.support.evaluations import evaluations, rows_of


@settings(max_examples=40)
@given(evaluations)
def test_areas_by_class_equal_scikit_learn_with_ties_too(made: Evaluation) -> None:
    tied = Evaluation.of_scores(made.logits.round(), made.targets, made.classes)
    areas = ByClass(tied)(np.ones(len(tied)))[3:]
    for k in range(len(tied.classes)):
        truth, p = tied.targets == k, tied.probabilities[:, k]
        assert (roc(tied, k).area, precision_recall(tied, k).area) == pytest.approx(areas[:, k], nan_ok=True)
        if truth.any():
            assert areas[1, k] == pytest.approx(metrics.average_precision_score(truth, p))
            precision, recall, _ = metrics.precision_recall_curve(truth, p)
            drawn = precision_recall(tied, k)
            np.testing.assert_allclose((drawn.x, drawn.y), (recall[::-1], precision[::-1]))
        if truth.any() and not truth.all():
            assert areas[0, k] == pytest.approx(metrics.roc_auc_score(truth, p))
            x, y, _ = metrics.roc_curve(truth, p, drop_intermediate=False)
            drawn = roc(tied, k)
            np.testing.assert_allclose(np.interp(x, drawn.x, drawn.y) >= y - 1e-12, True)
            assert {(0.0, 0.0), (1.0, 1.0)} <= set(zip(drawn.x.tolist(), drawn.y.tolist(), strict=True))


@given(evaluations)
def test_a_row_that_counts_twice_is_two_rows(made: Evaluation) -> None:
    counts = 2 - np.arange(len(made)) % 3
    twice = rows_of(made, np.arange(len(made)).repeat(counts))
    np.testing.assert_allclose(ByClass(made)(counts), ByClass(twice)(np.ones(len(twice))), atol=1e-12)
