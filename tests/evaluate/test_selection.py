from __future__ import annotations

import math

import pytest
import torch
from scipy import stats
from torch import Tensor

from linnet.config import Hyperparameters
from linnet.core.bank import Bank
from linnet.errors import DivergedError
from linnet.evaluate import selection
from linnet.train.plan import Outcome, Trial


def outcome(
    loss: Tensor, accuracy: Tensor, status: list[str] | None = None, keeps_best: bool = False
) -> Outcome:
    models = loss.shape[1]
    curves = {"train_loss": loss / 2, "validation_loss": loss, "validation_accuracy": accuracy}
    return Outcome(
        Bank(torch.zeros(2 * models, 4), models), status or ["completed"] * models, curves, keeps_best
    )


def curves(*finals: float) -> Tensor:
    """Three epochs that end at given figures."""
    last = torch.tensor(finals, dtype=torch.float64)
    return torch.stack([last + 1, last + 0.5, last])


def made(rates: list[float], folds: int = 1, seeds: int = 1) -> list[Trial]:
    settings = [Hyperparameters(lr=lr, seed=seed) for lr in rates for seed in range(seeds)]
    return [
        Trial(n, hyperparameters, fold) for n, hyperparameters in enumerate(settings) for fold in range(folds)
    ]


def test_configurations_are_means_over_folds_and_seeds() -> None:
    trials = made([0.1, 0.2], folds=2, seeds=2)
    accuracy = curves(0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.8, 0.8)
    found = selection.configurations(outcome(1 - accuracy, accuracy), trials, "validation_accuracy")
    assert [c.hyperparameters.lr for c in found] == [0.2, 0.1]
    assert [c.mean for c in found] == pytest.approx([0.85, 0.75])
    assert [c.members for c in found] == [(4, 5, 6, 7), (0, 1, 2, 3)]
    assert found[1].samples.tolist() == pytest.approx([0.7, 0.8])  # a mean a fold
    by_loss = selection.configurations(outcome(1 - accuracy, accuracy), trials, "validation_loss")
    assert [c.hyperparameters.lr for c in by_loss] == [0.2, 0.1]


def test_the_lead_is_a_paired_test() -> None:
    trials = made([0.1, 0.2], folds=5)
    first = [0.80, 0.82, 0.79, 0.85, 0.81]
    second = [0.79, 0.80, 0.78, 0.84, 0.80]
    accuracy = curves(*first, *second)
    lead = selection.margin(
        selection.configurations(outcome(accuracy, accuracy), trials, "validation_accuracy")
    )
    assert lead.difference == pytest.approx(0.012)
    assert lead.p == pytest.approx(stats.ttest_rel(first, second).pvalue)
    assert not lead.is_noise
    assert "beyond noise" in str(lead)
    noisy = curves(*first, *reversed(first))
    lead = selection.margin(selection.configurations(outcome(noisy, noisy), trials, "validation_accuracy"))
    assert lead.is_noise
    assert "within noise" in str(lead)
    assert lead.as_dict()["within_noise"] is True


def test_one_split_cannot_say() -> None:
    accuracy = curves(0.8, 0.7)
    found = selection.configurations(outcome(accuracy, accuracy), made([0.1, 0.2]), "validation_accuracy")
    lead = selection.margin(found)
    assert lead.difference == pytest.approx(0.1)
    assert math.isnan(lead.p)
    assert "use more folds" in str(lead)
    assert "no other" in str(selection.margin(found[:1]))


def test_diverged_models_come_last_and_never_win() -> None:
    accuracy, loss = curves(0.99, 0.5), curves(0.1, 0.7)
    loss[1:, 0] = torch.nan
    ended = outcome(loss, accuracy, ["diverged in epoch 2", "completed"])
    found = selection.configurations(ended, made([9.0, 0.1]), "validation_accuracy")
    assert [c.hyperparameters.lr for c in found] == [0.1, 9.0]
    assert math.isnan(found[1].mean)
    assert selection.best(found).hyperparameters.lr == 0.1
    with pytest.raises(DivergedError, match="lower the learning rates"):
        selection.best(found[1:])


def test_a_model_that_stopped_counts_by_its_best_epoch() -> None:
    loss = torch.tensor([[0.5, 0.5], [0.2, 0.4], [0.3, torch.nan]], dtype=torch.float64)
    accuracy = 1 - loss
    status = ["completed", "stopped in epoch 2"]
    kept = outcome(loss, accuracy, status, keeps_best=True)
    assert selection.final(kept, "validation_loss").tolist() == pytest.approx([0.2, 0.4])
    last = outcome(loss, accuracy, ["completed", "dropped after epoch 2"])
    assert selection.final(last, "validation_loss").tolist() == pytest.approx([0.3, 0.4])


def test_the_table_has_means_and_standard_errors() -> None:
    accuracy = curves(0.6, 0.8, 0.9, 0.9)
    ended = outcome(1 - accuracy, accuracy, ["completed", "completed", "completed", "stopped in epoch 3"])
    trials = made([0.1, 0.2], folds=2)
    table = selection.table(ended, selection.configurations(ended, trials, "validation_accuracy"), ["lr"])
    assert table["lr"].tolist() == [0.2, 0.1]
    assert table["validation_accuracy"].tolist() == pytest.approx([0.9, 0.7])
    assert table["validation_accuracy_se"].tolist() == pytest.approx([0.0, 0.1])
    assert table["models"].tolist() == [2, 2]
    assert table["status"].tolist() == ["completed, stopped in epoch 3", "completed"]


def test_seeds_on_the_same_rows_are_no_evidence() -> None:
    accuracy = curves(0.8, 0.8, 0.7, 0.7)
    found = selection.configurations(
        outcome(accuracy, accuracy), made([0.1, 0.2], seeds=2), "validation_accuracy"
    )
    assert selection.margin(found).is_noise
    alike = curves(0.8, 0.9, 0.7, 0.8)
    found = selection.configurations(outcome(alike, alike), made([0.1, 0.2], folds=2), "validation_accuracy")
    assert not selection.margin(found).p < 0.05


def test_what_lost_a_round_never_wins() -> None:
    accuracy = curves(0.9, 0.8)
    ended = outcome(1 - accuracy, accuracy, ["dropped after epoch 2", "completed"])
    found = selection.configurations(ended, made([0.1, 0.2]), "validation_accuracy")
    assert [c.hyperparameters.lr for c in found] == [0.2, 0.1]


def test_no_bound_is_a_value_like_others() -> None:
    accuracy = curves(0.9, 0.8)
    trials = [Trial(0, Hyperparameters(clip=None), 0), Trial(1, Hyperparameters(clip=0.5), 0)]
    ended = outcome(1 - accuracy, accuracy)
    table = selection.table(ended, selection.configurations(ended, trials, "validation_accuracy"), ["clip"])
    assert table["clip"].tolist() == ["none", 0.5]
