"""What a run was asked for and how its solver ended, of runs that a test knows to be of that kind."""

from __future__ import annotations

from linnet.config import FitRequest, SolveRequest
from linnet.model.optimum import Optimum
from linnet.model.run import Run


def fitted_by(run: Run) -> FitRequest:
    """The request of a training."""
    assert run.fitted is not None
    return run.fitted


def solved_by(run: Run) -> SolveRequest:
    """The request of a solve."""
    assert run.solved is not None
    return run.solved


def optimum_of(run: Run) -> Optimum:
    """How the solver of a run ended."""
    assert run.optimum is not None
    return run.optimum
