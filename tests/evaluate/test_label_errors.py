from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from linnet.config import Recipe
from linnet.data.sources import synthetic
from linnet.data.split import split_folds
from linnet.errors import DivergedError, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.label_errors import label_errors, out_of_fold
from linnet.train.fit import fit
from tests.support.blobs import make_blobs


def test_labels_that_were_changed_are_found() -> None:
    blobs = make_blobs(400)
    y = blobs.y.clone()
    y[::40] = (y[::40] + 1) % 3
    found = label_errors(out_of_fold(dataclasses.replace(blobs, y=y), Recipe(epochs=10, lr=0.3)))
    assert set(found.rows.tolist()) <= set(range(0, 400, 40))
    assert len(found.rows) >= 8  # the others have no class that is confident enough
    assert np.array_equal(found.suggested, blobs.y[found.rows])
    assert np.array_equal(found.labels, y[found.rows])
    assert (np.diff(found.margins) >= 0).all()
    assert found.joint.sum() - found.joint.trace() == len(found.rows)


def test_the_confident_joint_by_hand() -> None:
    P = torch.tensor([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6], [0.95, 0.05]], dtype=torch.float64)
    made = Evaluation.of_scores(P.log(), torch.tensor([0, 0, 1, 1, 1]), ("a", "b"))
    found = label_errors(made)  # thresholds 0.8 and 0.4833
    assert found.joint.tolist() == [[1, 0], [1, 2]]
    assert found.rows.tolist() == [4]
    assert found.margins == pytest.approx([-0.9])


def test_each_row_is_judged_by_a_model_that_has_not_seen_it() -> None:
    blobs, recipe = make_blobs(90), Recipe(epochs=3, lr=0.1, batch_size=90)
    made = out_of_fold(blobs, recipe, folds=3)
    view = split_folds(blobs, 3, recipe.seed)[1]
    seen = (torch.ones(90).scatter(0, view.validation, 0)).bool()
    alone, _ = fit(blobs.rows(seen), recipe)
    expected = alone.probabilities(blobs.X[view.validation]).double()
    torch.testing.assert_close(
        torch.from_numpy(made.probabilities)[view.validation], expected, atol=1e-4, rtol=1e-3
    )


def test_refusals() -> None:
    with pytest.raises(UsageError, match="regression"):
        out_of_fold(synthetic.linear(), Recipe())
    with pytest.raises(DivergedError, match="learning rate"):
        out_of_fold(make_blobs(90), Recipe(epochs=2, lr=1e38))
