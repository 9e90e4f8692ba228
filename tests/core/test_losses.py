from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from linnet.core.losses import (
    AbsoluteError,
    Huber,
    Logistic,
    Loss,
    SoftmaxCrossEntropy,
    SquaredError,
    by_name,
    name_of,
)
from linnet.core.losses.poisson import Poisson
from linnet.errors import UsageError

LOSSES = [
    SoftmaxCrossEntropy(),
    Logistic(),
    SquaredError(),
    AbsoluteError(),
    Huber(0.7, 1.3),
    Huber.book(0.5),
    Poisson(),
]
NAMES = [type(loss).__name__ + str(i) for i, loss in enumerate(LOSSES)]


def problem(seed: int, models: int = 2, outputs: int = 3, rows: int = 4) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(seed)
    scores = 3 * torch.randn(models, outputs, rows, generator=source, dtype=torch.float64)
    soft = torch.rand(outputs, rows, generator=source, dtype=torch.float64)
    return scores, soft / soft.sum(0)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
@given(seed=st.integers(0, 10_000))
def test_residual_is_the_gradient(loss: Loss, seed: int) -> None:
    scores, target = problem(seed)
    leaf = scores.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss.value(leaf, target).sum(), leaf)
    torch.testing.assert_close(loss.residual(scores, target), gradient, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
@given(seed=st.integers(0, 10_000))
def test_residual_and_curvature_by_finite_differences(loss: Loss, seed: int) -> None:
    scores, target = problem(seed)
    step, near = 1e-5, 1e-3
    for k in range(scores.shape[1]):
        shift = torch.zeros_like(scores)
        shift[:, k] = step
        r = (scores - target)[:, k].abs()
        smooth = (r > near) & ((r - 0.7).abs() > near) & ((r - 0.5).abs() > near)  # away from the kinks
        slope = (loss.value(scores + shift, target) - loss.value(scores - shift, target)) / (2 * step)
        size = 1 + loss.value(scores, target)  # which differences lose digits of
        error = (slope - loss.residual(scores, target)[:, k]).abs() / size
        assert bool((error[smooth] < 1e-8).all())
        bend = loss.residual(scores + shift, target)[:, k] - loss.residual(scores - shift, target)[:, k]
        curvature = loss.curvature(scores, target)[:, k]
        error = (bend / (2 * step) - curvature).abs() / size
        assert bool((error[smooth] < 1e-8).all())


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
def test_class_indices_are_one_hot(loss: Loss) -> None:
    scores, _ = problem(0)
    labels = torch.tensor([2, 0, 1, 1])
    dense = loss.encode(labels, 3, torch.float64)
    assert torch.equal(dense.argmax(0), labels)
    assert torch.equal(dense.sum(0), torch.ones(4, dtype=torch.float64))
    for method in (loss.value, loss.residual, loss.curvature):
        torch.testing.assert_close(method(scores, labels), method(scores, dense))


@given(seed=st.integers(0, 10_000))
def test_softmax_equals_torch(seed: int) -> None:
    scores, target = problem(seed, models=1)
    expected = nn.CrossEntropyLoss(reduction="none")(scores[0].T, target.T)
    torch.testing.assert_close(SoftmaxCrossEntropy().value(scores, target)[0], expected)


def test_huge_and_infinite_scores() -> None:
    loss = SoftmaxCrossEntropy()
    scores = torch.tensor([[1e4], [-1e4], [-torch.inf]])
    assert loss.value(scores, torch.tensor([0])).item() == 0
    assert loss.value(scores, torch.tensor([1])).item() == 2e4
    one_hot = torch.tensor([[1.0], [0.0], [0.0]])
    assert loss.value(scores, one_hot).item() == 0
    assert loss.residual(scores, one_hot).isfinite().all()


@given(seed=st.integers(0, 10_000), threshold=st.floats(0.1, 3))
def test_huber_has_the_books_form_and_pytorchs(seed: int, threshold: float) -> None:
    scores, target = problem(seed, outputs=1)
    wide = target.expand_as(scores)
    ours = Huber.torch(threshold).value(scores, target)
    theirs = nn.HuberLoss(reduction="none", delta=threshold)(scores, wide).sum(1)
    torch.testing.assert_close(ours, theirs)
    book = Huber.book(threshold).value(scores, target)
    smooth = nn.SmoothL1Loss(reduction="none", beta=threshold)(scores, wide).sum(1)
    torch.testing.assert_close(book, smooth)


def test_names() -> None:
    assert by_name("huber", 2.0) == Huber(2.0, 2.0)
    assert by_name("squared") == SquaredError()
    with pytest.raises(UsageError, match="unknown loss 'hinge'"):
        by_name("hinge")
    with pytest.raises(UsageError, match="positive"):
        Huber(0.0)


@given(outputs=st.integers(2, 12), rows=st.integers(1, 300), cut=st.floats(0, 1), seed=st.integers(0, 99))
def test_a_rows_loss_has_the_same_bits_in_any_batch(outputs: int, rows: int, cut: float, seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    scores = 3 * torch.randn(1, outputs, rows, generator=source)
    labels = torch.randint(0, outputs, (rows,), generator=source)
    loss, at = SoftmaxCrossEntropy(), round(cut * rows)
    parts = [
        loss.value(scores[..., s], labels[s]) for s in (slice(0, at), slice(at, rows)) if labels[s].numel()
    ]
    assert torch.equal(torch.cat(parts, -1), loss.value(scores, labels))


def test_logistic_is_torchs_binary_cross_entropy_summed_over_classes() -> None:
    scores, target = problem(3)
    expected = nn.functional.binary_cross_entropy_with_logits(
        scores, target.expand_as(scores), reduction="none"
    )
    torch.testing.assert_close(Logistic().value(scores, target), expected.sum(-2))


def test_logistic_probabilities_are_the_sigmoids_shared_out_and_survive_extreme_scores() -> None:
    scores, _ = problem(4)
    p = torch.sigmoid(scores)
    torch.testing.assert_close(Logistic().probabilities(scores), p / p.sum(-2, keepdim=True))
    extreme = torch.tensor([[-800.0], [-801.0]], dtype=torch.float64)
    expected = torch.softmax(extreme, -2)
    torch.testing.assert_close(Logistic().probabilities(extreme), expected)
    assert float(Logistic().value(torch.full((2, 1), 900.0), torch.ones(2, 1))) == 0.0


@pytest.mark.parametrize("name", ["softmax", "logistic", "squared", "absolute", "huber"])
def test_names_go_both_ways(name: str) -> None:
    loss = by_name(name, 2.0)
    assert (name_of(loss), loss.options) == (name, {"huber": 2.0} if name == "huber" else {})
    assert by_name(name, **loss.options) == loss


def test_a_slope_of_its_own_is_an_option() -> None:
    assert by_name("huber", **Huber(0.7, 1.3).options) == Huber(0.7, 1.3)


def test_a_loss_of_ones_own_has_no_name() -> None:
    class Mine(Huber):
        pass

    with pytest.raises(UsageError, match="the loss Mine has no name here: take one of softmax"):
        name_of(Mine())


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1.0, 30.0, 800.0]))
def test_value_and_residual_are_those_that_are_asked_for_apart(loss: Loss, seed: int, size: float) -> None:
    scores, soft = problem(seed, models=1)
    scores = size * scores[0] if loss.is_for_classes else scores[0]
    index = soft.argmax(0)
    for target in (soft, index) if loss.is_for_classes else (soft,):
        value, residual = loss.value_and_residual(scores, target)
        of_two, _ = loss.value_and_residual(torch.stack([scores, scores]), target)
        torch.testing.assert_close(of_two, torch.stack([value, value]), rtol=1e-13, atol=1e-13 * size)
        torch.testing.assert_close(value, loss.value(scores, target), rtol=1e-13, atol=1e-13 * size)
        torch.testing.assert_close(residual, loss.residual(scores, target), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("loss", LOSSES, ids=NAMES)
@given(seed=st.integers(0, 10_000), is_index=st.booleans())
def test_arrays_have_the_losses_of_tensors(loss: Loss, seed: int, is_index: bool) -> None:
    scores, soft = problem(seed)
    target = soft.argmax(0) if is_index else soft * (soft > 0.2)  # some of them 0
    found = loss.value(scores.numpy(), target.numpy())
    np.testing.assert_allclose(found, loss.value(scores, target).numpy(), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(loss.level(soft.numpy()), loss.level(soft).numpy(), rtol=1e-15)


@pytest.mark.parametrize("size", [800.0, -800.0])
def test_large_scores_of_arrays_overflow_no_loss_of_classes(size: float) -> None:
    scores = np.array([[size, 0.0], [0.0, size]])
    for loss in (SoftmaxCrossEntropy(), Logistic()):
        found = loss.value(scores, np.array([0, 0]))
        assert np.allclose(found, loss.value(torch.from_numpy(scores), torch.tensor([0, 0])).numpy())
        assert np.isfinite(found).all()


def test_counts_of_arrays_are_checked_as_those_of_tensors() -> None:
    for y in (np.array([[1.0], [-2.0]]), torch.tensor([[1.0], [-2.0]])):
        with pytest.raises(UsageError, match="the smallest target is -2"):
            Poisson().check_targets(y)
    with pytest.raises(UsageError, match="these targets are classes"):
        Poisson().check_targets(np.array([0, 1]))
