from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics

import linnet
from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.data.sources import synthetic
from linnet.errors import ShapeError, UsageError
from linnet.evaluate.assess import assess, in_top
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.score import score
from linnet.train.fit import fit
from tests.support.evaluations import make


def test_figures_equal_those_of_scikit_learn() -> None:
    made = make(400)
    P, y = made.probabilities, made.targets
    figures = {name: interval.value for name, interval in assess(made, top=[2, 3]).whole.items()}
    assert figures["log_loss"] == pytest.approx(metrics.log_loss(y, P))
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(y, made.predictions))
    assert figures["top_2"] == pytest.approx(metrics.top_k_accuracy_score(y, P, k=2))
    assert figures["top_3"] == pytest.approx(metrics.top_k_accuracy_score(y, P, k=3))
    assert figures["macro_f1"] == pytest.approx(metrics.f1_score(y, made.predictions, average="macro"))
    assert figures["macro_roc_auc"] == pytest.approx(metrics.roc_auc_score(y, P, multi_class="ovr"))
    halves = sum(metrics.brier_score_loss(y == k, P[:, k]) for k in range(4))
    assert figures["brier"] == pytest.approx(halves)


def test_of_a_run(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=2, lr=0.1, batch_size=64))
    made = Evaluation(run, blobs)
    np.testing.assert_allclose(made.probabilities, run.probabilities(blobs.X), rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(made.confusion, score(run, blobs).confusion)
    assert made.worst(3).tolist() == torch.from_numpy(made.log_losses).topk(3).indices.tolist()
    with pytest.raises(UsageError, match="no rows"):
        Evaluation(run, blobs.rows(slice(0, 0)))
    with pytest.raises(UsageError, match="no class probabilities"):
        Evaluation(fit(synthetic.linear())[0], synthetic.linear()).probabilities  # noqa: B018


def test_what_cannot_be_is_refused() -> None:
    made = make(5)
    with pytest.raises(UsageError, match=r"k in 1…4"):
        in_top(made, 5)
    with pytest.raises(ShapeError, match="expected scores"):
        Evaluation.of_scores(made.logits, made.targets[:2], made.classes)
    with pytest.raises(UsageError, match="targets must lie in"):
        Evaluation.of_scores(made.logits, made.targets + 4, made.classes)


def test_each_is_computed_once_and_rows_are_read_when_they_are_needed(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=1))
    read: list[str] = []

    def rows() -> Dataset:
        read.append("rows")
        return blobs

    made = Evaluation(run, rows)
    assert (made.classes, read) == (blobs.classes, [])
    assert made.scores is made.scores
    assert made.probabilities is made.probabilities
    assert read == ["rows"]
    with pytest.raises(UsageError, match="not at hand"):
        made.on_calibration_split  # noqa: B018


def test_scores_are_taken_without_a_copy(blobs: Dataset) -> None:
    z, y = torch.zeros(4, 2, dtype=torch.float64), torch.tensor([0, 1, 0, 1])
    made = Evaluation.of_scores(z, y, ("a", "b"))
    z[0, 1], y[0] = 5.0, 1
    assert (made.scores[0, 1], made.targets[0]) == (5.0, 1)


@pytest.mark.parametrize("package", ["evaluate", "plot", "export"])
def test_torch_and_scikit_learn_are_imported_only_where_they_are_needed(package: str) -> None:
    for path in (Path(linnet.__file__).parent / package).rglob("*.py"):
        top = [
            node
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.ImportFrom | ast.Import)
        ]
        names = {getattr(node, "module", None) or node.names[0].name for node in top}
        assert not {name.split(".")[0] for name in names} & {"torch", "sklearn"}, path
