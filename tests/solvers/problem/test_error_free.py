from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linnet.solvers.problem.error_free import above, cut

# Numbers far from 0, whose squares do not end in it.
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-60 else 0.0)


@given(st.lists(NUMBERS, min_size=1, max_size=8), st.integers(15, 24))
def test_slices_add_up_exactly_and_products_of_two_have_no_rounding(found: list[float], bits: int) -> None:
    values = np.array(found)
    parts = cut(values, above(values), bits)
    exact = [Fraction(float(v)) for v in values]
    sums = [sum((Fraction(float(v)) for v in column), Fraction(0)) for column in parts.T]
    assert sums == exact
    assert (np.abs(values) <= above(values)).all()
    first = [Fraction(float(v)) for v in parts[0]]
    assert Fraction(float(parts[0] @ parts[0])) == sum((v * v for v in first), Fraction(0))
