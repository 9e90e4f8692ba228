"""`expand`: features of a formula as sums of products of factors, for encoders in other languages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError
from linnet.schema.products import Operand, Product
from linnet.schema.schema import Schema
from linnet.schema.terms import CHOICES, Term, lower_columns

Sum = dict[Term, float]
"""Coefficients of products of factors."""


class Expansion(NamedTuple):
    """Features as sums: `features = products · matrix ᵀ`.

    Args:
        terms: the T products, each of factors of raw columns.
        matrix: the coefficients, (D, T).
    """

    terms: tuple[Term, ...]
    matrix: NDArray[np.float64]


def expand(schema: Schema) -> Expansion:
    """The features of a schema with a formula.

    Raises:
        UsageError: a term has a function of levels, as no formula makes it.
    """
    base = dict(zip(schema.base, lower_columns(schema), strict=True))
    sums = [_expand(term, base) for term in schema.terms]
    products = tuple(dict.fromkeys(product for one in sums for product in one))
    return Expansion(products, np.array([[one.get(product, 0.0) for product in products] for one in sums]))


def _expand(term: Product, base: Mapping[str, Term]) -> Sum:
    found: Sum = {(): 1.0}
    for operand in term.factors:
        found = _multiply(found, _operand(operand, term.name, base))
    return found


def _operand(operand: Operand, name: str, base: Mapping[str, Term]) -> Sum:
    """An operand as a sum: a level less another is two products, a function of a number is one factor."""
    term = base[operand.column]
    if not operand.steps:
        return {term: 1.0, **({base[operand.less]: -1.0} if operand.less else {})}
    if operand.less or len(term) != 1 or term[0].function in CHOICES:
        raise UsageError(
            f"the term {name} takes {operand.steps[0][0]} of levels, which no export can encode: let "
            "linnet predict or linnet serve answer"
        )
    return {(dataclasses.replace(term[0], steps=operand.steps),): 1.0}


def _multiply(first: Sum, second: Sum) -> Sum:
    found: Sum = {}
    for a, value in first.items():
        for b, other in second.items():
            found[(*a, *b)] = found.get((*a, *b), 0.0) + value * other
    return found
