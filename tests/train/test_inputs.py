from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from linnet.config import Augmentation, Hyperparameters, Recipe
from linnet.core.losses import by_name
from linnet.data.augment import augment_
from linnet.data.dataset import Dataset
from linnet.device import generator
from linnet.errors import UsageError
from linnet.train.fit import fit
from linnet.train.inputs import InputOptions, InputPipeline
from tests.support.blobs import make_blobs

LOSS = by_name("softmax")
RECIPE = Recipe(epochs=3, batch_size=32, lr=0.2, dtype="float64")


def look(**hyperparameters: object) -> InputOptions:
    return InputOptions.of(Hyperparameters(**hyperparameters))  # type: ignore[arg-type]


def seen(data: Dataset, batch: int = 0, **hyperparameters: object) -> torch.Tensor:
    inputs = InputPipeline(data, look(**hyperparameters), 7, LOSS)
    theta = torch.zeros(3, inputs.features + 1, dtype=torch.float64)
    return inputs.rows(data.X[:20], theta, 1, batch).clone()


def test_plain_inputs_are_the_rows_with_a_last_column_that_scales_to_one(blobs: Dataset) -> None:
    X1 = seen(blobs)
    torch.testing.assert_close(X1[:, :-1], blobs.X[:20].double())
    torch.testing.assert_close(X1[:, -1] * blobs.scale, torch.ones(20, dtype=torch.float64))


def test_dropout_leaves_out_its_share_and_keeps_the_mean(blobs: Dataset) -> None:
    bright = dataclasses.replace(
        blobs, X=torch.full((4000, 16), 100, dtype=torch.uint8), y=blobs.y[:1].repeat(4000)
    )
    inputs = InputPipeline(bright, look(dropout=0.25), 7, LOSS)
    X1 = inputs.rows(bright.X, torch.zeros(3, 17), 0, 0)
    assert X1[:, :-1].unique().tolist() == pytest.approx([0, 100 / 0.75])
    assert float((X1[:, :-1] == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert bool((X1[:, -1] == 255).all())


def test_random_numbers_are_of_the_minibatch_alone(blobs: Dataset) -> None:
    hyperparameters = {"dropout": 0.5, "augment": "shift:1+noise:0.1"}
    assert torch.equal(seen(blobs, **hyperparameters), seen(blobs, **hyperparameters))
    assert not torch.equal(seen(blobs, **hyperparameters), seen(blobs, 1, **hyperparameters))


def test_augmentation_is_of_the_image_before_it_is_pooled(blobs: Dataset) -> None:
    how = Augmentation.parse("shift:1+flip")
    changed = augment_(blobs.X[:20].double(), (4, 4), how, generator(7, "augment", 1 << 32), 255.0)
    pooled = nn.functional.avg_pool2d(changed.view(-1, 1, 4, 4), 2).view(20, 4)
    torch.testing.assert_close(seen(blobs, augment="shift:1+flip", pool=2)[:, :-1], pooled)


@pytest.mark.parametrize(
    "hyperparameters", [{"pool": 2}, {"pool": 3}, {"standardize": True}, {"pool": 2, "standardize": True}]
)
def test_the_model_of_the_rows_scores_as_the_model_of_the_inputs(
    hyperparameters: dict[str, object], blobs: Dataset
) -> None:
    inputs = InputPipeline(blobs, look(**hyperparameters), 7, LOSS)
    from linnet.core.bank import Bank

    theta = torch.randn(6, inputs.features + 1, generator=generator(0, "t"), dtype=torch.float64)
    bank = Bank(theta, 2)
    X1 = inputs.rows(blobs.X[:20], theta, 0, 0)
    through = (theta @ X1.T * inputs.scale).view(2, 3, 20)
    torch.testing.assert_close(inputs.absorb(bank).scores(blobs.X[:20].double(), blobs.scale), through)


def test_a_pooled_model_is_the_one_trained_on_pooled_images() -> None:
    data = make_blobs(200)
    data = dataclasses.replace(data, X=data.X.double())
    X = nn.functional.avg_pool2d(data.X.view(-1, 1, 4, 4), 2).view(200, 4)
    small = dataclasses.replace(data, X=X, image_shape=(2, 2))
    expected, _ = fit(small, dataclasses.replace(RECIPE, optimizer="momentum", l2=1e-9))
    run, engine = fit(data, dataclasses.replace(RECIPE, optimizer="momentum", l2=1e-9, pool=2))
    torch.testing.assert_close(run.scores(data.X), expected.scores(small.X), rtol=1e-9, atol=1e-9)
    assert run.bank.features == 16
    assert engine.checkpoint().snapshot.tensors["theta"].shape == (3, 4 + 1)


def test_standardising_is_by_the_training_rows_alone() -> None:
    data = make_blobs(200)
    run, _ = fit(data, dataclasses.replace(RECIPE, standardize=True))
    X = data.X.double()
    mean, deviation = X.mean(0), X.std(0, correction=0)
    by_hand = dataclasses.replace(data, X=(X - mean) / deviation, scale=1.0)
    expected, _ = fit(by_hand, RECIPE)
    torch.testing.assert_close(run.scores(data.X), expected.scores(by_hand.X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("hyperparameters", "match"), [({"pool": 2}, "pool is for images"), ({"augment": "flip"}, "augment=")]
)
def test_what_is_for_images_is_refused_for_other_rows(
    hyperparameters: dict[str, object], match: str, blobs: Dataset
) -> None:
    table = dataclasses.replace(blobs, image_shape=None)
    with pytest.raises(UsageError, match=match):
        InputPipeline(table, look(**hyperparameters), 0, LOSS)
    assert InputPipeline(table, look(augment="noise:0.1"), 0, LOSS).features == 16
