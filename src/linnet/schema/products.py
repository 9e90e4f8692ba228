"""`Product`: a feature that is a product of functions of encoded columns, as data, as a formula makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import FormatError
from linnet.schema.cells import SHOWN
from linnet.schema.named_rows import name_row

Values = NDArray[np.float64]

FUNCTIONS: Mapping[str, Callable[[Values, float], Values]] = {
    "add": lambda x, number: x + number,
    "times": lambda x, number: x * number,
    "power": lambda x, number: x**number,
    "log": lambda x, _: np.log(x),
    "log2": lambda x, _: np.log2(x),
    "log10": lambda x, _: np.log10(x),
    "log1p": lambda x, _: np.log1p(x),
    "exp": lambda x, _: np.exp(x),
    "expm1": lambda x, _: np.expm1(x),
    "sqrt": lambda x, _: np.sqrt(x),
    "abs": lambda x, _: np.abs(x),
}
"""The functions that a factor may be made by; the first three take a number beside x."""

OF_NUMBERS = ("add", "times", "power")

Step = tuple[str, float]
"""The name of a function and the number it takes, 0 where it takes none."""


@dataclass(frozen=True)
class Operand:
    """A number of each row: an encoded column, through some functions in turn.

    Args:
        column: by its name among `Schema.base`.
        less: another that is taken off first, as contrasts that sum to 0 have it; empty for none.
        steps: the functions.
    """

    column: str
    less: str = ""
    steps: tuple[Step, ...] = ()

    def values(self, block: Mapping[str, Values]) -> Values:
        """The numbers of rows, (N,), of their encoded columns by name.

        What is not finite after one function is NaN after all, as 1 / log(x) of 0 is, for databases have no
        infinite numbers, and each encoder is to refuse the same rows.
        """
        x = block[self.column] - block[self.less] if self.less else block[self.column]
        with np.errstate(all="ignore"):  # what is not finite is refused by name
            for name, number in self.steps:
                made = FUNCTIONS[name](x, number)
                x = np.where(np.isfinite(x) & np.isfinite(made), made, np.nan)
        return x

    def to_json(self) -> dict[str, Any]:
        """The factor as plain values."""
        steps = [[name, number] if name in OF_NUMBERS else [name] for name, number in self.steps]
        values = {"column": self.column, "less": self.less, "steps": steps}
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Operand:
        """The inverse of `to_json`.

        Raises:
            FormatError: there is a function that is none of `FUNCTIONS`.
        """
        steps = tuple((str(name), float(*number)) for name, *number in values.get("steps", ()))
        if unknown := [name for name, _ in steps if name not in FUNCTIONS]:
            raise FormatError(f"a term of the schema has the function {unknown[0]!r}: {', '.join(FUNCTIONS)}")
        return cls(str(values["column"]), str(values.get("less", "")), steps)


@dataclass(frozen=True)
class Product:
    """A feature: the product of its factors.

    Args:
        name: of the feature, as the formula has it: `log(carat):C(cut)[T.Good]`.
        factors: at least one.
    """

    name: str
    factors: tuple[Operand, ...]

    def values(self, block: Mapping[str, Values]) -> Values:
        """The feature of rows, (N,), of their encoded columns by name."""
        return reduce(np.multiply, [factor.values(block) for factor in self.factors])

    def to_json(self) -> dict[str, Any]:
        """The term as plain values."""
        return {"name": self.name, "factors": [factor.to_json() for factor in self.factors]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Product:
        """The inverse of `to_json`.

        Raises:
            FormatError: a function is unknown.
        """
        return cls(str(values["name"]), tuple(Operand.from_json(one) for one in values["factors"]))


def encode_products(terms: Sequence[Product], names: Sequence[str], X: Values) -> Values:
    """The features of rows, (N, terms), of their encoded columns X (N, base).

    Args:
        terms: the features.
        names: of the columns of X.
        X: encoded rows.
    """
    block = {name: X[:, place] for place, name in enumerate(names)}
    return np.column_stack([term.values(block) for term in terms])


def check_finite(terms: Sequence[Product], X: Values) -> Values:
    """The features (N, terms) as they are, if all are finite, as the logarithm of 0 is not.

    Raises:
        FormatError: naming the term and its rows.
    """
    if np.isfinite(X).all():
        return X
    place = int((~np.isfinite(X)).any(axis=0).argmax())
    rows = (~np.isfinite(X[:, place])).nonzero()[0]
    shown = ", ".join(map(name_row, rows[:SHOWN].tolist())) + (", …" if len(rows) > SHOWN else "")
    raise FormatError(
        f"{terms[place].name} of the formula is no finite number in {shown}: leave such rows out, or "
        "take a function that is defined there, as log1p is of 0"
    )
