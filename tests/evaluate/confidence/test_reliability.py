from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linnet.errors import UsageError
from linnet.evaluate.confidence.reliability import reliability
from linnet.evaluate.evaluation import Evaluation
from tests.support.evaluations import evaluations, make


@given(evaluations, st.integers(1, 20), st.sampled_from(["width", "mass"]))
def test_ece_is_that_of_its_definition_and_a_share(made: Evaluation, bins: int, binning: str) -> None:
    table = reliability(made, bins, binning)
    brute = 0.0
    for low, high in zip(table.edges[:-1].tolist(), table.edges[1:].tolist(), strict=True):
        is_first = low == float(table.edges[0])
        inside = (made.confidence > low if not is_first else made.confidence >= low) & (
            made.confidence <= high
        )
        if inside.any():
            gap = made.hits[inside].mean() - made.confidence[inside].mean()
            brute += float(inside.sum()) / len(made) * abs(float(gap))
    assert table.ece == pytest.approx(brute, abs=1e-12)
    assert 0 <= table.ece <= table.mce + 1e-12 <= 1 + 1e-12
    assert int(table.counts.sum()) == len(made)


def of(*rows: tuple[float, bool]) -> Evaluation:
    """Rows of these confidences, each right or wrong; the other five classes share the rest."""
    p = torch.tensor([[c, *[(1 - c) / 5] * 5] for c, _ in rows], dtype=torch.float64)
    return Evaluation.of_scores(
        p.log().clamp(min=-1e4), torch.tensor([0 if right else 1 for _, right in rows]), tuple("abcdef")
    )


EDGES = (
    (0.2, False),
    (0.2, True),
    (0.5, True),
    (0.6, False),
    (0.6, True),
    (0.8, True),
    (1.0, True),
    (1.0, False),
)


def test_confidences_on_edges_are_counted_below_them_and_1_in_the_last_bin() -> None:
    """By hand, (lower, upper]: 2·|.5 − .2| + 3·|2/3 − 17/30| + 1·|1 − .8| + 2·|.5 − 1| over 8 rows: .2625."""
    table = reliability(of(*EDGES), 5)
    assert table.counts.tolist() == [2, 0, 3, 1, 2]
    assert table.edges.tolist() == [0, 1 / 5, 2 / 5, 3 / 5, 4 / 5, 1]
    assert table.ece == pytest.approx(0.2625)
    assert table.mce == pytest.approx(0.5)


def test_what_other_tools_make_of_the_same_rows_is_as_the_docs_say() -> None:
    """torchmetrics 1.9 gave 0.3125 for these rows in 5 bins: [lower, upper), and a sixth for 1 exactly."""
    confidence, right = (torch.tensor(values, dtype=torch.float64) for values in zip(*EDGES, strict=True))
    place = torch.bucketize(confidence, torch.arange(6, dtype=torch.float64) / 5, right=True) - 1
    gaps = [(right - confidence)[place == k].sum().abs() for k in range(6)]
    assert float(torch.stack(gaps).sum() / 8) == pytest.approx(0.3125)


@pytest.mark.parametrize("bins", [3, 7, 10, 15, 100])
def test_every_edge_is_the_upper_one_of_its_bin(bins: int) -> None:
    """However softmax rounds: a confidence of k/bins, from that of six classes on, is in bin k."""
    several = [k for k in range(1, bins + 1) if k / bins > 1 / 6]
    table = reliability(of(*((k / bins, True) for k in several)), bins)
    assert table.counts.tolist() == [int(k in several) for k in range(1, bins + 1)]


def test_bins_of_equal_mass_have_as_many_rows() -> None:
    counts = reliability(make(1000), 10, "mass").counts
    assert counts.tolist() == [100] * 10


def test_a_calibrated_model_is_told_from_one_that_is_not() -> None:
    good, sure = make(4000), make(4000, sharpness=3)
    table = reliability(good)
    assert table.ece < 2 * table.expected_ece(good)
    table = reliability(sure)
    assert table.ece > 5 * table.expected_ece(sure)


def test_alike_rows_and_refusals() -> None:
    alike = Evaluation.of_scores(torch.zeros(5, 2), torch.tensor([0, 0, 0, 1, 1]), ("a", "b"))
    table = reliability(alike, 4, "mass")
    assert table.bins == 1
    assert table.ece == pytest.approx(0.1)
    assert reliability(alike).as_dict()["accuracy"].count(None) == 14
    with pytest.raises(UsageError, match="width or mass"):
        reliability(alike, binning="even")
