"""`read_formula` and `fit_terms`: a formula such as `price ~ log(carat) + C(cut) * depth` as terms.

formulaic parses it; its terms become data (`linnet.schema.products`), by which rows are encoded without it.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linnet.errors import FormatError, UsageError, needs_extra
from linnet.schema.category import Category
from linnet.schema.columns import Column, Number
from linnet.schema.contrasts import Levels, Redundancy
from linnet.schema.expressions import FITTED, read_factor
from linnet.schema.products import Operand, Product, Step, Values

Part = tuple[str, tuple[Operand, ...] | Levels]
"""A factor of a term: its name, and what it is."""

MOST_TERMS = 10_000
"""Terms that a formula may have, as its operators tell before any is made."""

LONGEST = 10_000
"""Characters that a formula may have."""


@dataclass(frozen=True)
class Formula:
    """A formula that was read.

    Args:
        target: the column that is predicted; empty where the formula does not say.
        terms: each as its factors.
        has_intercept: whether there is a bias.
    """

    target: str
    terms: tuple[tuple[Part, ...], ...]
    has_intercept: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it names, but the target."""
        return tuple(
            dict.fromkeys(name for term in self.terms for _, part in term for name in _columns(part))
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """Those of which it takes the levels, by C()."""
        parts = (part for term in self.terms for _, part in term)
        return tuple(dict.fromkeys(part.column for part in parts if isinstance(part, Levels)))


def _columns(part: tuple[Operand, ...] | Levels) -> tuple[str, ...]:
    return (part.column,) if isinstance(part, Levels) else tuple(factor.column for factor in part)


def read_formula(text: str, names: Sequence[str], target: str | None = None) -> Formula:
    """A formula, of which nothing is evaluated.

    Args:
        text: `target ~ terms`, or the terms alone.
        names: of the table's columns, which `.` stands for, the target aside.
        target: the column that is predicted, where that was said beside it.

    Raises:
        UsageError: it is no formula, or has what linnet does not know.
        MissingExtraError: formulaic is not installed.
    """
    left, right = _parse(text, names, target)
    name = _read_target(left, target)
    terms, has_intercept = list[tuple[Part, ...]](), False
    for term in right:
        parts = tuple(
            (str(factor.expr), _read_part(factor)) for factor in term.factors if not _is_one(factor)
        )
        has_intercept |= not parts
        terms += [parts] if parts else []
    if not terms:
        raise UsageError(f"the formula {text!r} has no column to predict by")
    found = Formula(name, tuple(terms), has_intercept)
    if unknown := [column for column in (name, *found.columns) if column and column not in names]:
        raise UsageError(f"the formula names {unknown[0]!r}, which is no column: {', '.join(names[:50])}")
    if name in found.columns:
        raise UsageError(f"the formula predicts {name} by itself: leave it out on the right")
    return found


def _parse(text: str, names: Sequence[str], target: str | None) -> tuple[Any, Any]:
    """Both sides, by formulaic; None where there is no left one."""
    with needs_extra("a formula", "formula"):
        from formulaic import Formula as Parsed
        from formulaic import SimpleFormula
        from formulaic.errors import FormulaicError
        from formulaic.parser import DefaultFormulaParser
    if len(text) > LONGEST:
        raise UsageError(f"the formula has {len(text):,} characters, more than {LONGEST:,}")
    known = [name for name in names if "~" in text or name != target]
    try:
        _check_size(DefaultFormulaParser().get_ast(text), len(known))
        parse: Any = Parsed  # whose metaclass makes one of its subclasses
        found = parse(text, _context={"__formulaic_variables_available__": known})
    except (FormulaicError, AttributeError, SyntaxError, ValueError, RecursionError, KeyError) as error:
        reason = " ".join(str(error).split("\n")[0].split())
        raise UsageError(f"the formula {text!r} cannot be read: {reason}") from error
    left, right = (found.lhs, found.rhs) if hasattr(found, "rhs") else (None, found)
    if not all(isinstance(side, SimpleFormula) for side in (left, right) if side is not None):
        raise UsageError(f"the formula {text!r} has several parts: linnet takes one, target ~ terms")
    return left, right


def _check_size(tree: Any, columns: int) -> None:
    """Refuse a formula whose products have more terms than could be made.

    Raises:
        UsageError: it has.
    """
    if (terms := _count_terms(tree, columns)) > MOST_TERMS:
        raise UsageError(
            f"the formula comes to {terms:,} terms or more, more than {MOST_TERMS:,}: name "
            "those that are wanted"
        )


def _count_terms(tree: Any, columns: int) -> int:
    """A bound of the terms of a syntax tree of formulaic's, before they are made."""
    operator = getattr(tree, "operator", None)
    if operator is None:
        return 1
    symbol, counts = operator.symbol, [_count_terms(one, columns) for one in tree.args]
    if symbol == ".":
        return columns
    if symbol in ("**", "^"):
        power = str(getattr(tree.args[1], "token", ""))
        return min(max(counts[0], 2) ** min(int(power) if power.isdigit() else 1, 64), MOST_TERMS + 1)
    if symbol in ("+", "-", "~") or len(counts) < 2:
        return min(sum(counts), MOST_TERMS + 1)
    return min(math.prod(counts) + sum(counts), MOST_TERMS + 1)


def _read_target(left: Any, target: str | None) -> str:
    """The column that is predicted."""
    if left is None:
        return target or ""
    factors = [factor for term in left for factor in term.factors]
    name = str(factors[0].expr) if factors else ""
    if len(factors) != 1 or factors[0].eval_method.value != "lookup":
        said = " + ".join(str(factor.expr) for factor in factors)
        raise UsageError(
            f"the formula predicts {said or 'nothing'}: linnet predicts a column as it stands. Give the "
            "table a column of it, so that figures and predictions are in its units"
        )
    if target is not None and target != name:
        raise UsageError(f"the formula predicts {name}, and --target says {target}: say one")
    return name


def _is_one(factor: Any) -> bool:
    return factor.eval_method.value == "literal" and str(factor.expr) == "1"


def _read_part(factor: Any) -> tuple[Operand, ...] | Levels:
    if factor.eval_method.value == "lookup":
        return (Operand(str(factor.expr)),)
    if factor.eval_method.value == "literal":
        raise UsageError(f"the formula has the number {factor.expr}, where a column is expected")
    return read_factor(str(factor.expr))


def fit_terms(
    formula: Formula, columns: Sequence[Column], block: Mapping[str, Values]
) -> tuple[Product, ...]:
    """The features that a formula makes of a table's columns.

    Args:
        formula: it.
        columns: fitted.
        block: the training rows of each encoded column, (N,), by its name: means and deviations are theirs.

    Raises:
        FormatError: a function is asked of a category, or a base level is none.
    """
    kinds = {column.name: column for column in columns}
    spans, found = Redundancy(formula.has_intercept), list[Product]()
    for term in formula.terms:
        parts = {name: _as_levels(name, part, kinds) for name, part in term}
        numbers = [name for name, part in parts.items() if not isinstance(part, Levels)]
        categories = [name for name in parts if name not in numbers]
        for coding in spans.code(numbers, categories):
            shown = {
                name: [(name, _fit(part, block))]
                if not isinstance(part, Levels)
                else [
                    (one, (factor,))
                    for one, factor in part.columns(_levels(kinds[part.column]), coding[name])
                ]
                for name, part in parts.items()
                if name in numbers or name in coding
            }
            found += _multiply(list(shown.values()))
    return tuple(found)


def _levels(column: Column) -> tuple[str, ...]:
    assert isinstance(column, Category)
    return column.shown


def _multiply(columns: list[list[tuple[str, tuple[Operand, ...]]]]) -> list[Product]:
    """Every product of a column of each factor, of which the first one's change quickest."""
    terms = []
    for reverse in itertools.product(*reversed(columns)):
        chosen = reverse[::-1]
        names = ":".join(name for name, _ in chosen)
        terms.append(Product(names, tuple(factor for _, factors in chosen for factor in factors)))
    return terms


def _as_levels(
    name: str, part: tuple[Operand, ...] | Levels, kinds: Mapping[str, Column]
) -> tuple[Operand, ...] | Levels:
    """A bare category by its levels; numbers as they are.

    Raises:
        FormatError: a function is asked of a category.
    """
    if isinstance(part, Levels):
        return part
    for factor in part:
        if isinstance(kinds[factor.column], Number):
            continue
        if len(part) > 1 or factor.steps:
            raise FormatError(f"the formula has {name}, but {factor.column} holds categories, not numbers")
        return Levels(name, factor.column)
    return part


def _fit(part: tuple[Operand, ...], block: Mapping[str, Values]) -> tuple[Operand, ...]:
    """Factors whose means and deviations are those of the training rows."""
    return tuple(_fit_factor(factor, block) for factor in part)


def _fit_factor(factor: Operand, block: Mapping[str, Values]) -> Operand:
    fitted = Operand(factor.column, factor.less)
    for step in factor.steps:
        more = _fitted_steps(step[0], fitted.values(block)) if step[0] in FITTED else (step,)
        fitted = dataclasses.replace(fitted, steps=(*fitted.steps, *more))
    return fitted


def _fitted_steps(name: str, x: Values) -> tuple[Step, ...]:
    mean: Step = ("add", -float(x.mean()))
    if name == "center":
        return (mean,)
    deviation = float(x.std(ddof=1 if name == "scale" and len(x) > 1 else 0))
    return mean, ("times", 1 / deviation if np.isfinite(deviation) and deviation > 0 else 1.0)
