from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as theirs

from linnet.core import functional as ours
from linnet.core.functional import gumbel_draws, softmax
from linnet.device import generator
from linnet.errors import ShapeError, UsageError

INF = math.inf
sizes = st.integers(1, 5)


def logits(rows: int, classes: int, spread: float, seed: int) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return spread * torch.randn(rows, classes, generator=source, dtype=torch.float64)


@given(
    sizes, sizes, st.sampled_from([0.1, 1.0, 100.0, 1e4]), st.integers(0, 1000), st.sampled_from([0, 1, -1])
)
def test_equal_to_torch(rows: int, classes: int, spread: float, seed: int, dim: int) -> None:
    o = logits(rows, classes, spread, seed)
    torch.testing.assert_close(ours.logsumexp(o, dim), torch.logsumexp(o, dim))
    torch.testing.assert_close(ours.softmax(o, dim), theirs.softmax(o, dim))
    torch.testing.assert_close(ours.log_softmax(o, dim), theirs.log_softmax(o, dim))
    y = torch.arange(rows) % classes
    torch.testing.assert_close(ours.cross_entropy(o, y), theirs.cross_entropy(o, y))
    soft = theirs.softmax(logits(rows, classes, 1.0, seed + 1), -1)
    for reduction in ("none", "sum", "mean"):
        expected = theirs.cross_entropy(o, soft, reduction=reduction)
        torch.testing.assert_close(ours.cross_entropy(o, soft, reduction), expected)


@given(
    sizes, st.integers(0, 1000), st.lists(st.floats(0.01, 100), min_size=2, max_size=5), st.floats(0, 0.99),
    st.booleans(), st.sampled_from(["none", "sum", "mean"]),
)  # fmt: skip
def test_cross_entropy_with_class_weights_and_smoothing_is_torchs(
    rows: int, seed: int, weights: list[float], smoothing: float, is_soft: bool, reduction: ours.Reduction
) -> None:
    o, c = logits(rows, len(weights), 3.0, seed), torch.tensor(weights, dtype=torch.float64)
    soft = theirs.softmax(logits(rows, len(weights), 1.0, seed + 1), -1)
    y = soft if is_soft else torch.arange(rows) % len(weights)
    expected = theirs.cross_entropy(o, y, c, reduction=reduction, label_smoothing=smoothing)
    torch.testing.assert_close(
        ours.cross_entropy(o, y, reduction, weight=c, label_smoothing=smoothing), expected
    )


def test_a_mean_over_classes_of_no_weight_is_refused() -> None:
    with pytest.raises(UsageError, match="no mean"):
        ours.cross_entropy(torch.zeros(2, 2), torch.tensor([0, 0]), weight=torch.tensor([0.0, 1.0]))
    with pytest.raises(ShapeError, match="each of 2 classes"):
        ours.cross_entropy(torch.zeros(2, 2), torch.tensor([0, 0]), weight=torch.ones(3))


@given(sizes, sizes, st.integers(0, 1000), st.floats(-1e4, 1e4))
def test_softmax_does_not_see_a_shift(rows: int, classes: int, seed: int, shift: float) -> None:
    o = logits(rows, classes, 1.0, seed)
    torch.testing.assert_close(ours.softmax(o + shift), ours.softmax(o), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("function", [ours.logsumexp, ours.softmax, ours.log_softmax])
def test_gradients(function: object) -> None:
    o = logits(3, 4, 2.0, 0).requires_grad_()
    assert torch.autograd.gradcheck(function, (o,))  # type: ignore[arg-type]


def test_gradient_of_cross_entropy_is_softmax_minus_target() -> None:
    o = logits(3, 4, 2.0, 0).requires_grad_()
    y = torch.tensor([0, 3, 1])
    (gradient,) = torch.autograd.grad(ours.cross_entropy(o, y, "sum"), o)
    torch.testing.assert_close(gradient, (ours.softmax(o) - theirs.one_hot(y, 4)).detach())


def test_large_logits_in_float32_where_the_naive_forms_fail() -> None:
    o = torch.tensor([[1e4, -1e4, 0.0]])
    assert ours.softmax(o).tolist() == [[1, 0, 0]]
    assert ours.logsumexp(o).item() == 1e4
    assert ours.cross_entropy(o, torch.tensor([1])).item() == 2e4
    assert ours.naive_softmax(o).isnan().any()
    assert ours.naive_cross_entropy(o, torch.tensor([0])).isnan()
    underflow = torch.tensor([[0.0, -200.0]])
    assert ours.naive_cross_entropy(underflow, torch.tensor([1])).item() == INF
    assert ours.cross_entropy(underflow, torch.tensor([1])).item() == 200
    mild = torch.tensor([[1.0, 2.0, 3.0]])
    torch.testing.assert_close(ours.naive_softmax(mild), ours.softmax(mild))


def test_minus_infinity() -> None:
    some = torch.tensor([[0.0, -INF, 0.0]])
    assert ours.softmax(some).tolist() == [[0.5, 0, 0.5]]
    assert ours.cross_entropy(some, torch.tensor([1])).item() == INF
    assert ours.cross_entropy(some, torch.tensor([[0.5, 0.0, 0.5]])).item() == pytest.approx(math.log(2))
    every = torch.full((2, 4), -INF, requires_grad=True)
    assert ours.logsumexp(every).tolist() == [-INF, -INF]
    assert ours.softmax(every).tolist() == [[0.25] * 4] * 2
    torch.testing.assert_close(ours.log_softmax(every), torch.full((2, 4), -math.log(4)))
    for function in (ours.logsumexp, ours.softmax, ours.log_softmax):
        (gradient,) = torch.autograd.grad(function(every)[0].sum(), every)
        assert not gradient.isnan().any()


def test_one_class_and_low_precision() -> None:
    assert ours.softmax(torch.tensor([[7.0]])).item() == 1
    assert ours.cross_entropy(torch.tensor([[7.0]]), torch.tensor([0])).item() == 0
    half = torch.tensor([[1e4, 9.99e3]], dtype=torch.float16)
    assert ours.softmax(half).dtype == torch.float16
    assert ours.softmax(half).isfinite().all()


def test_gumbel_frequencies_are_the_probabilities() -> None:
    o, n = torch.tensor([1.0, 0.0, -1.0, 2.0]), 40_000
    source = torch.Generator().manual_seed(0)
    samples = ours.gumbel_softmax(o.expand(n, 4), 0.5, hard=True, generator=source)
    assert set(samples.unique().tolist()) <= {0.0, 1.0}
    p = ours.softmax(o)
    spread = (p * (1 - p) / n).sqrt()
    assert bool(((samples.mean(0) - p).abs() < 4 * spread).all())


def test_gumbel_gradient_and_seed() -> None:
    def sample(hard: bool) -> tuple[Tensor, Tensor]:
        o = torch.zeros(2, 3, requires_grad=True)
        drawn = ours.gumbel_softmax(o, hard=hard, generator=torch.Generator().manual_seed(1))
        return drawn, torch.autograd.grad(drawn[:, 0].sum(), o)[0]

    (soft, soft_gradient), (hard, hard_gradient) = sample(False), sample(True)
    assert torch.equal(soft.argmax(-1), hard.argmax(-1))
    assert torch.equal(soft_gradient, hard_gradient)
    assert soft_gradient.abs().sum() > 0


def test_clear_errors() -> None:
    with pytest.raises(ShapeError, match="at least one row"):
        ours.softmax(torch.empty(0, 3))
    with pytest.raises(ShapeError, match="at least one row"):
        ours.cross_entropy(torch.empty(0, 3), torch.empty(0, dtype=torch.int64))
    with pytest.raises(ShapeError, match="floating"):
        ours.softmax(torch.tensor([1, 2]))
    with pytest.raises(UsageError, match=r"0…1"):
        ours.cross_entropy(torch.zeros(1, 2), torch.tensor([2]))
    with pytest.raises(ShapeError, match="soft labels"):
        ours.cross_entropy(torch.zeros(1, 2), torch.zeros(2))
    with pytest.raises(ShapeError, match="class indices"):
        ours.cross_entropy(torch.zeros(1, 2), torch.tensor([0, 1]))
    with pytest.raises(UsageError, match="reduction"):
        ours.cross_entropy(torch.zeros(1, 2), torch.tensor([0]), "median")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="temperature"):
        ours.gumbel_softmax(torch.zeros(2), 0.0)


@given(st.lists(st.floats(-4, 4), min_size=2, max_size=6), st.integers(0, 100))
def test_the_counts_come_to_softmax(row: list[float], seed: int) -> None:
    logits, n = torch.tensor(row, dtype=torch.float64), 4000
    found = gumbel_draws(logits, n, generator(seed, "test"))
    p = softmax(logits)
    assert int(found.counts.sum()) == n
    # six standard deviations, and a little for classes of which a draw is expected
    assert bool(((found.frequencies - p).abs() <= 6 * (p * (1 - p) / n).sqrt() + 3 / n).all())
    last = float((found.frequencies - p).abs().sum() / 2)
    assert found.marks[-1] == n
    assert abs(float(found.distances[-1]) - last) < 1e-12


def test_a_seed_gives_the_same_draws_and_marks_grow() -> None:
    logits = torch.tensor([1.0, 0.0, -1.0])
    one, same = (gumbel_draws(logits, 100, generator(3, "test")) for _ in range(2))
    assert one.counts.equal(same.counts)
    assert one.distances.equal(same.distances)
    assert bool((one.marks.diff() > 0).all())
    assert int(one.marks[0]) == 1
    first = one.distances[0]  # of one draw: everything on one class
    assert bool(torch.isclose(first, 1 - softmax(logits).double(), atol=1e-6).any())


def test_what_cannot_be() -> None:
    with pytest.raises(UsageError, match="at least one draw"):
        gumbel_draws(torch.zeros(2), 0, generator(0, "test"))
    with pytest.raises(ShapeError, match="one row"):
        gumbel_draws(torch.zeros(2, 2), 1, generator(0, "test"))
