from __future__ import annotations

import pytest
import torch

from linnet.config import Recipe
from linnet.core.bank import Bank
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.ensemble import Ensemble
from linnet.evaluate.score import score
from linnet.train.fit import fit


def test_its_probabilities_are_the_mean_of_its_models(blobs: Dataset) -> None:
    runs = [fit(blobs, Recipe(epochs=1, lr=lr, dtype="float64"))[0] for lr in (0.01, 0.3)]
    several = Ensemble(Bank(torch.cat([run.bank.theta for run in runs]), 2), runs[0].card)
    expected = torch.stack([run.probabilities(blobs.X) for run in runs]).mean(0)
    torch.testing.assert_close(several.probabilities(blobs.X), expected)
    hits = expected.argmax(1) == blobs.y
    assert several.accuracy(blobs) == pytest.approx(float(hits.double().mean()))
    assert Ensemble(runs[0].bank, runs[0].card).accuracy(blobs) == score(runs[0], blobs).accuracy


def test_what_it_cannot_judge_is_refused(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=1))
    several = Ensemble(run.bank, run.card)
    with pytest.raises(UsageError, match="no rows"):
        several.accuracy(blobs.rows(slice(0, 0)))
    with pytest.raises(ShapeError, match="rows of 16 features"):
        several.probabilities(blobs.X[:, :3])
    line = synthetic.linear()
    run, _ = fit(line)
    with pytest.raises(UsageError, match="a regression has no accuracy"):
        Ensemble(run.bank, run.card).accuracy(line)
