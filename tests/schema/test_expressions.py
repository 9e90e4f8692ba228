"""Factors of formulas are read off a syntax tree; what is not known is refused and never run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linnet.errors import UsageError
from linnet.schema.contrasts import Levels
from linnet.schema.expressions import read_factor
from linnet.schema.products import Product

x, z = np.array([0.5, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])

EXPRESSIONS = {
    "log(x)": np.log(x), "np.log10(x)": np.log10(x), "log2(x)": np.log2(x), "log1p(x)": np.log1p(x),
    "np.exp(x)": np.exp(x), "expm1(x)": np.expm1(x), "sqrt(x)": np.sqrt(x), "abs(x - 1)": np.abs(x - 1),
    "square(x)": x**2, "I(x ** 3)": x**3, "I(x**-1)": 1 / x, "x * 2 + 1": 2 * x + 1, "3 - x / 4": 3 - x / 4,
    "1 / x": 1 / x, "-x": -x, "I(x * z)": x * z, "I(x / z)": x / z, "I((x * z) ** 2)": (x * z) ** 2,
    "log(x + 1) * sqrt(z)": np.log(x + 1) * np.sqrt(z), "-(x * z)": -x * z, "log(`a b`)": np.log(z),
    "log(log1p(x))": np.log(np.log1p(x)), "2 * (x * z)": 2 * x * z, "exp(x / 1e3)": np.exp(x / 1000),
    "log(a.b)": np.log(z),
}  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_factor_is_what_numpy_makes_of_it(text: str) -> None:
    factors = read_factor(text)
    assert not isinstance(factors, Levels)
    block = {"x": x, "z": z, "a b": z, "a.b": z}
    np.testing.assert_allclose(Product(text, factors).values(block), EXPRESSIONS[text], rtol=1e-14)


CONTRASTS = {
    "C(cut)": Levels("C(cut)", "cut"),
    "C(`the cut`)": Levels("C(`the cut`)", "the cut"),
    'C(cut, contr.treatment("Fair"))': Levels('C(cut, contr.treatment("Fair"))', "cut", base="Fair"),
    "C(cut, Treatment(reference=3))": Levels("C(cut, Treatment(reference=3))", "cut", base="3"),
    "C(cut, contrasts=contr.sum)": Levels("C(cut, contrasts=contr.sum)", "cut", "sum"),
    "C(cut, Sum())": Levels("C(cut, Sum())", "cut", "sum"),
}


@pytest.mark.parametrize("text", CONTRASTS)
def test_contrasts_and_their_bases(text: str) -> None:
    assert read_factor(text) == CONTRASTS[text]


REFUSED = [
    "open('x')", "__import__('os')", "log(x, 2)", "log(x=1)", "exec(x)", "lambda: 3", "x[0]",
    "[x]", "x if z else x", "log()", "'text'", "x + z", "log(x * z)", "2 ** x", "x % 2", "x / 0",
    "bs(x, df=4)", "poly(x, 2)", "C(x, contr.helmert)", "C(x, contr.sum('a'))", "C()", "C(x, levels=['a'])",
    "C(log(x))", "True * x", "x ** z", "(x := 1)", "f'{x}'", "np.linalg.norm(x)", "os.log(x)", "x @ z",
    "log(x))",    "", "x; z", "C(x, contr.treatment(open('f')))", "I(x, z)", "(" * 500 + "x" + ")" * 500,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_factor_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the formula has"):
        read_factor(text)


def test_nothing_of_a_formula_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for text in (
        f"open({str(mark)!r}, 'w')",
        f"log(open({str(mark)!r}, 'w'))",
        f"C(open({str(mark)!r}, 'w'))",
    ):
        with pytest.raises(UsageError, match="nothing else is run"):
            read_factor(text)
    assert not mark.exists()
