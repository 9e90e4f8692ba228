from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.core.losses import SoftmaxCrossEntropy, SquaredError
from linnet.core.metrics import empty, judge, right, sum_minibatches


def test_tallies_merge_to_the_tally_of_all() -> None:
    source = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 3, 10, generator=source, dtype=torch.float64)
    labels = torch.randint(0, 3, (10,), generator=source)
    loss = SoftmaxCrossEntropy()
    values, hits = judge(scores, labels, loss, labels)
    whole = empty(2).with_rows(values, hits, 4)
    parts = empty(2)
    for rows in (slice(0, 4), slice(4, 10)):
        parts = parts.with_rows(values[:, rows], hits[:, rows], 4)
    assert torch.equal(parts.loss, whole.loss)
    assert torch.equal(parts.hits, whole.hits)
    torch.testing.assert_close(whole.accuracy[1], (scores[1].argmax(0) == labels).double().mean())
    torch.testing.assert_close(
        whole.mean_loss[0], torch.nn.functional.cross_entropy(scores[0].T, labels), rtol=1e-12, atol=0
    )


def test_no_rows_and_no_classes() -> None:
    assert empty(2).mean_loss.isnan().all()
    assert empty(2).accuracy.isnan().all()
    values, hits = judge(torch.ones(1, 1, 4), torch.zeros(1, 4), SquaredError(), None)
    only = empty(1).with_rows(values, hits, 3)
    assert float(only.mean_loss) == 0.5
    assert int(only.hits) == 0


@given(
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    is_weighted=st.booleans(),
    seed=st.integers(0, 9),
)
def test_sums_of_minibatches_in_parts_are_those_of_all_rows(
    sizes: list[int], is_weighted: bool, seed: int
) -> None:
    source = torch.Generator().manual_seed(seed)
    n = sum(sizes)
    values = torch.randn(2, n, generator=source, dtype=torch.float64)
    hits = torch.rand(2, n, generator=source) < 0.5
    weights = torch.rand(n, generator=source, dtype=torch.float64) if is_weighted else None
    own = torch.rand(n, generator=source) < 0.5
    sums = torch.zeros(5, len(sizes), dtype=torch.float64)
    for part in (own, ~own):  # as of two processes
        counts = [int(some.sum()) for some in part.split(sizes)]
        weighed = None if weights is None else weights[part]
        sums += sum_minibatches(values[:, part], hits[:, part], counts, weighed)
    found = empty(2).with_sums(sums, is_weighted)
    expected = empty(2).with_rows(values, hits, max(1, n), weights) if n else empty(2)
    torch.testing.assert_close(found.loss, expected.loss, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found.hits.double(), expected.hits.double())
    assert abs(found.rows - expected.rows) < 1e-12


@given(models=st.integers(1, 3), outputs=st.integers(1, 6), seed=st.integers(0, 99))
def test_hits_are_argmaxs_with_ties(models: int, outputs: int, seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    scores = torch.randint(-1, 2, (models, outputs, 40), generator=source).float() * torch.inf  # many ties
    scores = torch.where(scores.isnan(), 0.0, scores)
    labels = torch.randint(0, outputs, (40,), generator=source)
    assert torch.equal(right(scores, labels).sum(-1), (scores.argmax(-2) == labels).sum(-1))


def test_hits_are_argmaxs_with_scores_that_are_no_numbers() -> None:
    source = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 3, 50, generator=source)
    scores[torch.rand(2, 3, 50, generator=source) < 0.2] = torch.nan
    labels = torch.randint(0, 3, (50,), generator=source)
    assert torch.equal(right(scores, labels).sum(-1), (scores.argmax(1) == labels).sum(-1))
