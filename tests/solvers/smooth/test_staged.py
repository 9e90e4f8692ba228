from __future__ import annotations

from typing import Any

import pytest
import torch

from linnet.data.dataset import Dataset
from linnet.solvers.smooth import lbfgs, staged
from linnet.solvers.smooth.newton import Newton
from linnet.solvers.smooth.preconditioners import Spectral
from linnet.solvers.smooth.staged import SAMPLE, Staged
from linnet.solvers.solution import CONVERGED, LIMIT
from tests.support.blobs import make_blobs
from tests.support.problems import objective
from tests.support.solutions import minimise


def test_many_rows_begin_with_a_sample() -> None:
    dataset = make_blobs(4 * SAMPLE)
    problem = objective(dataset, dtype=torch.float32)
    steps = list(Staged(tol=1e-6).steps(problem, problem.zeros()))
    last = steps[-1]
    assert last.status is not None
    assert last.status.name == CONVERGED
    assert steps[0].point.loss < 1  # log 3 at zero
    assert len(steps) < 12


def embeddings(rows: int, features: int, classes: int, decay: float) -> Dataset:
    """Rows of one length whose columns' sizes fall by a power, and turned, as the features of a network."""
    source = torch.Generator().manual_seed(0)
    size = torch.arange(1, features + 1, dtype=torch.float64) ** -decay
    y = torch.randint(0, classes, (rows,), generator=source)
    centres = torch.randn(classes, features, generator=source, dtype=torch.float64)
    X = (centres[y] / 2 + torch.randn(rows, features, generator=source, dtype=torch.float64)) * size
    turn = torch.linalg.qr(torch.randn(features, features, generator=source, dtype=torch.float64))[0]
    X = 10 * torch.nn.functional.normalize(X) @ turn
    return Dataset(X, y, "embeddings", tuple(map(str, range(classes))))


def build_heads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The heads of the Hessians that are made from now on."""
    heads, kept = list[int](), Spectral.build

    def build(self: Spectral, *given: Any) -> Any:
        heads.append(self.head)
        return kept(self, *given)

    monkeypatch.setattr(Spectral, "build", build)
    return heads


def test_of_embeddings_no_dear_hessian_is_made_and_of_what_is_slow_one_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(staged, "DEAR", 0)
    heads = build_heads(monkeypatch)
    even = objective(embeddings(3000, 40, 8, 0.3), l2=1e-3)
    found = minimise(even, solver=Staged())
    assert found.status.name == CONVERGED
    assert not heads
    steep = objective(embeddings(3000, 40, 8, 2.0), l2=1e-6)
    monkeypatch.setattr(lbfgs, "MANY", 20)
    slow = minimise(steep, solver=Staged())
    assert slow.status.name == CONVERGED
    assert heads[-2:] == [100, 200]
    for problem, one in ((even, found), (steep, slow)):
        best = minimise(problem, solver=Newton()).certificate.objective
        assert one.certificate.objective <= best * (1 + 1e-8)  # the gain that is left is an estimate


def test_the_light_stage_ends_where_no_more_iterations_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "DEAR", 0)
    problem = objective(embeddings(3000, 40, 8, 0.3), l2=1e-3)
    steps = list(Staged(max_iter=4).steps(problem, problem.zeros()))
    assert steps[-1].status is not None
    assert steps[-1].status.name == LIMIT
    assert [step.status for step in steps[:-1]] == [None] * (len(steps) - 1)
