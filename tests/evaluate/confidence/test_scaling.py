from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linnet import folders
from linnet.config import Recipe
from linnet.core.calibration import Calibration
from linnet.data.dataset import Dataset
from linnet.data.split import split
from linnet.errors import FormatError, ShapeError, UsageError
from linnet.evaluate.confidence.scaling import learn, log_loss
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.rows import calibration_split
from linnet.evaluate.score import score
from linnet.model import model_file
from linnet.model.run import Card, Run
from linnet.train.fit import fit
from tests.support.evaluations import evaluations, make


@settings(max_examples=40)
@given(evaluations, st.sampled_from(["temperature", "vector"]))
def test_the_log_loss_of_its_rows_never_rises(made: Evaluation, kind: str) -> None:
    try:
        found = learn(kind, made)
    except UsageError:
        assume(False)  # rows without a best calibration
        raise
    assert log_loss(found, made) <= float(made.log_losses.mean()) + 1e-12
    if kind == "temperature":
        after = Evaluation.of_scores(found.apply(torch.from_numpy(made.logits)), made.targets, made.classes)
        assert np.array_equal(after.predictions, made.predictions) or found.temperature > 100
    else:
        assert log_loss(found, made) <= log_loss(learn("temperature", made), made) + 1e-12


def test_what_is_behind_the_labels_is_found() -> None:
    made = make(20_000, sharpness=2.5)
    assert learn("temperature", made).temperature == pytest.approx(2.5, rel=0.05)
    biased = Evaluation.of_scores(made.logits / 2.5 + [1.0, 0, 0, -1.0], made.targets, made.classes)
    found = learn("vector", biased)
    torch.testing.assert_close(torch.tensor(found.scale), torch.ones(4), atol=0.06, rtol=0)
    shift = torch.tensor(found.shift)
    torch.testing.assert_close(shift - shift.mean(), torch.tensor([-1.0, 0, 0, 1.0]), atol=0.1, rtol=0)
    optimum = Evaluation.of_scores(
        found.apply(torch.from_numpy(biased.logits)), biased.targets, biased.classes
    )
    residual = optimum.probabilities - np.eye(4)[optimum.targets]
    assert np.abs(residual.mean(0)).max() < 1e-4  # the gradient by the shifts


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_it_is_kept_with_the_model(blobs: Dataset, tmp_path: Path, loss: str) -> None:
    blobs = dataclasses.replace(blobs, y=blobs.y.roll(1).where(torch.arange(len(blobs)) % 5 == 0, blobs.y))
    run, _ = fit(blobs, Recipe(epochs=3, lr=0.1, batch_size=64, loss=loss))
    plain = run.save(tmp_path / "run")
    before = (plain / "model.safetensors").read_bytes()
    assert b"calibration" not in before  # the bytes of a model file of before there were calibrations
    assert Run.load(plain).card.calibration is None
    for kind in ("temperature", "vector"):
        calibration = learn(kind, Evaluation(run, blobs), "these rows")
        run.calibrated(calibration).save_model(plain)
        loaded = Run.load(plain)
        assert loaded.card.calibration == calibration
        expected = torch.softmax(calibration.apply(run.loss.logits(run.scores(blobs.X).T).T), 1)
        torch.testing.assert_close(loaded.probabilities(blobs.X), expected)
        torch.testing.assert_close(loaded.scores(blobs.X), run.scores(blobs.X))
        hits = loaded.probabilities(blobs.X).argmax(1) == blobs.y
        assert score(loaded, blobs).accuracy == pytest.approx(float(hits.double().mean()))
    loaded.calibrated(None).save_model(plain)
    assert (plain / "model.safetensors").read_bytes() == before


def test_a_calibration_that_cannot_be(blobs: Dataset, tmp_path: Path) -> None:
    run, _ = fit(blobs, Recipe(epochs=1))
    with pytest.raises(ShapeError, match="for 4 classes"):
        run.calibrated(learn("temperature", make(9)))
    with pytest.raises(UsageError, match="temperature or vector"):
        learn("matrix", make(9))
    with pytest.raises(UsageError, match="finite scale"):
        Calibration("vector", (1.0,), (float("nan"),))
    folder = run.save(tmp_path / "run")
    card = run.card.to_json()[:-1] + ', "calibration": {"kind": "matrix", "scale": [1], "shift": [0]}}'
    tensors = {"W": run.bank.W, "b": run.bank.b}
    content = model_file.dumps(tensors, {"format": "", "models": "1", "card": card})
    folders.amend(folder, {"model.safetensors": content})
    with pytest.raises(FormatError, match="temperature or vector"):
        Run.load(folder)
    assert Card.from_json(run.card.to_json()) == run.card


def test_rows_without_a_best_calibration_are_refused() -> None:
    """Their log loss falls for ever: one such row gave a temperature of 0.0045, and a test log loss of 65."""
    z = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.5, 1.0]])
    right = Evaluation.of_scores(z, torch.tensor([0, 1, 2]), ("a", "b", "c"))
    for kind in ("temperature", "vector"):
        with pytest.raises(UsageError, match="no mistake on the 3 rows"):
            learn(kind, right)
    no_c = Evaluation.of_scores(z, torch.tensor([0, 1, 1]), ("a", "b", "c"))
    assert learn("temperature", no_c).temperature > 0
    with pytest.raises(UsageError, match="is of c, which vector scaling"):
        learn("vector", no_c)
    shifted = Evaluation.of_scores(
        z - torch.tensor([0.0, 0.0, 0.7]), torch.tensor([0, 1, 2]), ("a", "b", "c")
    )
    assert not shifted.hits.all()
    with pytest.raises(UsageError, match="tell all 3 rows apart"):
        learn("vector", shifted)


def test_the_rows_it_is_learnt_on(blobs: Dataset) -> None:
    run, _ = fit(blobs, Recipe(epochs=2, validation=0.25, seed=3))
    kept = calibration_split(run, blobs)
    assert kept.is_unseen
    assert torch.equal(kept.rows.X, split(blobs, 0.25, 3)[1].X)
    run, _ = fit(blobs, Recipe(epochs=2))
    kept = calibration_split(run, blobs)
    assert not kept.is_unseen
    assert len(kept.rows) == 60
    run.dataset_checksum = "another"
    with pytest.raises(UsageError, match="not those that the run was trained on"):
        calibration_split(run, blobs)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1.03e7, 1e150])
def test_a_temperature_is_found_however_large_the_logits_are(size: float) -> None:
    """Two classes, logits ±size/2, three rows of four right: p = 3/4 at T = size/ln 3, log loss 0.562335."""
    z = torch.tensor([[0.5, -0.5]], dtype=torch.float64).repeat(4, 1) * size
    made = Evaluation.of_scores(z, torch.tensor([0, 0, 0, 1]), ("a", "b"))
    found = learn("temperature", made)
    assert found.temperature == pytest.approx(size / math.log(3), rel=1e-9)
    assert log_loss(found, made) == pytest.approx(0.75 * math.log(4 / 3) + 0.25 * math.log(4))


def test_a_model_that_says_nothing_has_no_temperature_and_is_told_so() -> None:
    """Half of the rows right, and all logits ±1: the log loss ln 2 of T = ∞ is never reached."""
    z = torch.tensor([[1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    for labels in ([0, 1, 0], [1, 1, 0]):
        with pytest.raises(UsageError, match="no more of the right class than of the others"):
            learn("temperature", Evaluation.of_scores(z, torch.tensor(labels), ("a", "b")))
    with pytest.raises(UsageError, match="the same of every class"):
        learn("temperature", Evaluation.of_scores(torch.zeros(3, 2), torch.tensor([0, 1, 1]), ("a", "b")))
    turned = make(400, sharpness=-1.0)  # the right class has the least logit: only a negative scale mends it
    assert min(learn("vector", turned).scale) < 0


def test_a_class_that_a_scale_and_a_shift_tell_apart_has_no_best_ones() -> None:
    """Class c stands alone above 5 in its logit, so its scale can grow for ever; a and b overlap."""
    made = make(60, classes=2)
    c = np.where(np.arange(60) % 3 == 0, 9.0, -1.0)
    z = np.hstack([made.logits, c[:, None]])
    labels = np.where(c > 0, 2, made.targets)
    with pytest.raises(UsageError, match="tell a class of the 60 rows apart"):
        learn("vector", Evaluation.of_scores(z, labels, ("a", "b", "c")))
