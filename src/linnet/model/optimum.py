"""`Optimum`: how a solver ended, and how near the optimum it proved the model to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NONNEGATIVE = "losses are never negative"
"""The bound that is left where nothing else proves one."""

UNATTAINED = "no optimum"
"""The status of a model whose objective falls for ever as its weights grow."""


@dataclass(frozen=True)
class Optimum:
    """How a solver ended, as plain JSON values.

    Args:
        solver: its name.
        status: its name, such as "converged", with advice behind a colon where something is to be done.
        certificate: the figures of `linnet.solvers.solution.Certificate`; None where one is not known.
        options: of the solver.
    """

    solver: str
    status: str
    certificate: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_attained(self) -> bool:
        """Whether there is an optimum at all."""
        return not self.status.startswith(UNATTAINED)

    @property
    def gap(self) -> float | None:
        """The objective is proven to be at most this much above the optimum; None without a proof."""
        return None if self.certificate.get("bound") == NONNEGATIVE else self.certificate.get("gap")
