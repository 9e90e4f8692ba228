"""`Optimum`: how a solver ended, and how near the optimum it proved the model to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linnet.errors import FormatError

NONNEGATIVE = "losses are never negative"
"""The bound that is left where nothing else proves one."""

UNATTAINED = "no optimum"
"""The status of a model whose objective falls for ever as its weights grow."""


KINDS = {"solver": str, "status": str, "certificate": Mapping, "options": Mapping}
"""The types of its fields in a folder's summary."""


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

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Optimum:
        """The record that `dataclasses.asdict` made.

        Raises:
            FormatError: it is none.
        """
        if not isinstance(values, Mapping):
            raise FormatError(f"the optimum of a solve is damaged: it is {values!r}")
        wrong = [name for name, value in values.items() if not isinstance(value, KINDS.get(name, ()))]
        if wrong := [*wrong, *({"solver", "status"} - values.keys())]:
            raise FormatError(f"the optimum of a solve is damaged: {wrong[0]} is {values.get(wrong[0])!r}")
        return cls(**values)

    @property
    def is_attained(self) -> bool:
        """Whether there is an optimum at all."""
        return not self.status.startswith(UNATTAINED)

    @property
    def gap(self) -> float | None:
        """The objective is proven to be at most this much above the optimum; None without a proof."""
        return None if self.certificate.get("bound") == NONNEGATIVE else self.certificate.get("gap")
