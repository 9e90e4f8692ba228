"""Which cases of a test the gate runs, and which are left to `make test-all`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

ParameterSet = type(pytest.param())


def gate(cases: Iterable[Any], *places: int) -> list[Any]:
    """Mark the cases of a test as long, save those that stand for all in the gate.

    Args:
        cases: as `pytest.mark.parametrize` takes them; a tuple is the values of several arguments, so the
            tuples of a single one are wrapped, `map(pytest.param, cases)`.
        places: of those that the gate runs, 0 for the first.

    Returns:
        The same cases, in the same order and with the same names.
    """
    marked: list[Any] = []
    for place, case in enumerate(cases):
        wrapped = case if isinstance(case, ParameterSet) else pytest.param(*as_tuple(case))
        long = [] if place in places else [pytest.mark.long]
        marked.append(pytest.param(*wrapped.values, id=wrapped.id, marks=[*wrapped.marks, *long]))
    return marked


def as_tuple(case: Any) -> tuple[Any, ...]:
    """The values of a case."""
    return case if isinstance(case, tuple) else (case,)
