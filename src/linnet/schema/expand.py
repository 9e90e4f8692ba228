"""`expand`: features of a formula as sums of products of plain factors, for encoders in other languages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError
from linnet.schema.products import Operand, Product
from linnet.schema.schema import Schema
from linnet.schema.terms import Term, lower_columns

Sum = dict[tuple[str, ...], float]
"""Coefficients of products of encoded columns, by their names in order; of () a constant."""

MOST_POWER = 8
"""The power up to which a column is multiplied by itself."""


class Expansion(NamedTuple):
    """Features as sums: `features = products · matrix ᵀ`.

    Args:
        terms: the T products, each of factors of raw columns; of no factors a constant.
        matrix: the coefficients, (D, T).
    """

    terms: tuple[Term, ...]
    matrix: NDArray[np.float64]


def expand(schema: Schema) -> Expansion:
    """The features of a schema with a formula.

    Raises:
        UsageError: a term has a function that is no sum of products, such as log.
    """
    sums = [_expand(term) for term in schema.terms]
    products = dict.fromkeys(product for one in sums for product in one)
    base = dict(zip(schema.base, lower_columns(schema), strict=True))
    matrix = np.array([[one.get(product, 0.0) for product in products] for one in sums])
    terms = tuple(tuple(factor for name in product for factor in base[name]) for product in products)
    return Expansion(terms, matrix)


def _expand(term: Product) -> Sum:
    found: Sum = {(): 1.0}
    for operand in term.factors:
        found = _multiply(found, _operand(operand, term.name))
    return found


def _operand(operand: Operand, name: str) -> Sum:
    x: Sum = {(operand.column,): 1.0}
    if operand.less:
        x[(operand.less,)] = -1.0
    for function, number in operand.steps:
        if function == "add":
            x = {**x, (): x.get((), 0.0) + number}
        elif function == "times":
            x = {product: value * number for product, value in x.items()}
        elif function == "power" and number in range(1, MOST_POWER + 1):
            whole = x
            for _ in range(int(number) - 1):
                x = _multiply(x, whole)
        else:
            raise UsageError(
                f"the term {name} has the function {function}, which no export can encode yet: add a column "
                "of it to the table, or let linnet predict or linnet serve answer"
            )
    return x


def _multiply(first: Sum, second: Sum) -> Sum:
    found: Sum = {}
    for a, value in first.items():
        for b, other in second.items():
            product = tuple(sorted((*a, *b)))
            found[product] = found.get(product, 0.0) + value * other
    return found
