"""The factors of a formula, read off Python's syntax tree: named functions of a column, and contrasts.

Nothing is evaluated: what is none of these is refused before anything is made of it.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Mapping

from linnet.errors import UsageError
from linnet.schema.contrasts import SUM, TREATMENT, Levels
from linnet.schema.products import FUNCTIONS, OF_NUMBERS, Operand, Step

FITTED = ("center", "scale", "standardize")
"""x less its mean; and over its standard deviation, by N − 1 (R, formulaic) or by N (patsy)."""

CALLS: Mapping[str, Step] = {
    **{name: (name, 0.0) for name in (*FUNCTIONS, *FITTED) if name not in OF_NUMBERS},
    "square": ("power", 2.0),
}
"""The functions that a formula may call, each as a step of a factor."""

CONTRASTS = {
    "treatment": TREATMENT, "contr.treatment": TREATMENT, "Treatment": TREATMENT,
    "sum": SUM, "contr.sum": SUM, "Sum": SUM,
}  # fmt: skip

BASES = frozenset((
    "poly", "bs", "ns", "cr", "cs", "cc", "te", "basis_spline", "cubic_spline", "cyclic_cubic_spline",
    "natural_cubic_spline",
))  # fmt: skip
"""Functions of R, patsy and formulaic that make several columns of one: splines, orthogonal polynomials."""

QUOTED = re.compile(r"`([^`]*)`")
"""A name of a column that is no name of Python's."""


def read_factor(text: str) -> tuple[Operand, ...] | Levels:
    """A factor of a formula: numbers that are multiplied, or the levels of a category.

    Args:
        text: it, such as `log(carat)` or `C(cut, contr.treatment("Fair"))`.

    Raises:
        UsageError: it is neither.
    """
    names = list[str]()

    def stand_in(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"_column_{len(names) - 1}_"

    try:
        tree = ast.parse(QUOTED.sub(stand_in, text).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refuse(text) from error
    reader = _Reader(text, {f"_column_{place}_": name for place, name in enumerate(names)})
    if isinstance(tree, ast.Call) and _dotted(tree.func) == "C":
        return reader.levels(tree)
    return reader.product(tree)


def _refuse(text: str) -> UsageError:
    return UsageError(
        f"the formula has {text!r}, which linnet does not know: a factor is a column, C(column), or one of "
        f"{', '.join(CALLS)} of a column, with + - * / ** and numbers in it; nothing else is run"
    )


def _dotted(node: ast.expr) -> str:
    """A name as it stands, `np.log`; empty of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def _number(node: ast.expr) -> float | None:
    """A number as it is written; None of anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    return None


@dataclasses.dataclass(frozen=True)
class _Reader:
    """Reads the tree of one factor.

    Args:
        text: of it, for messages.
        names: of columns by their stand-ins.
    """

    text: str
    names: Mapping[str, str]

    def column(self, node: ast.expr) -> str:
        """The column that a name stands for."""
        if not (name := _dotted(node)):
            raise _refuse(self.text)
        return self.names.get(name, name)

    def product(self, node: ast.expr) -> tuple[Operand, ...]:
        """Numbers that are multiplied."""
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp):
            return self._binary(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._then(self.product(node.operand), ("times", -1.0))
        return (Operand(self.column(node)),)

    def _call(self, node: ast.Call) -> tuple[Operand, ...]:
        name = _dotted(node.func).removeprefix("np.").removeprefix("numpy.")
        if name in BASES:
            raise UsageError(
                f"the formula has {self.text!r}: linnet makes no splines and no orthogonal polynomials. Name "
                "the powers, as in x + I(x**2) + I(x**3), which fit as poly does, or add columns to the table"
            )
        if len(node.args) != 1 or node.keywords or name not in (*CALLS, "I"):
            raise _refuse(self.text)
        inner = self.product(node.args[0])
        return inner if name == "I" else self._then(inner, CALLS[name])

    def _then(self, inner: tuple[Operand, ...], step: Step) -> tuple[Operand, ...]:
        """A product through one more function, of which powers alone go to each factor."""
        name, number = step
        if len(inner) > 1 and name == "times":
            return (_then(inner[0], step), *inner[1:])
        if len(inner) > 1 and name != "power":
            raise UsageError(f"the formula has {self.text!r}: {name} takes one column, not a product")
        return tuple(_then(factor, (name, number)) for factor in inner)

    def _binary(self, node: ast.BinOp) -> tuple[Operand, ...]:
        left, right = _number(node.left), _number(node.right)
        if right is not None:
            return self._then(self.product(node.left), self._step(node.op, right))
        if left is not None:
            return self._number_first(left, node)
        if isinstance(node.op, ast.Mult):
            return self.product(node.left) + self.product(node.right)
        if isinstance(node.op, ast.Div):
            return self.product(node.left) + self._then(self.product(node.right), ("power", -1.0))
        raise UsageError(
            f"the formula has {self.text!r}: a sum of two columns is two terms, each with a weight of its "
            "own; of the sum itself add a column to the table"
            if isinstance(node.op, ast.Add | ast.Sub)
            else str(_refuse(self.text))
        )

    def _step(self, op: ast.operator, number: float) -> Step:
        """What an operator does with a number behind it."""
        if isinstance(op, ast.Div) and number == 0:
            raise UsageError(f"the formula has {self.text!r}, which divides by 0")
        steps: dict[type[ast.operator], Step] = {
            ast.Add: ("add", number), ast.Sub: ("add", -number), ast.Mult: ("times", number),
            ast.Div: ("times", 1 / (number or 1)), ast.Pow: ("power", number),
        }  # fmt: skip
        if type(op) not in steps:
            raise _refuse(self.text)
        return steps[type(op)]

    def _number_first(self, number: float, node: ast.BinOp) -> tuple[Operand, ...]:
        """A number, an operator, and a product."""
        inner = self.product(node.right)
        if isinstance(node.op, ast.Sub):
            return self._then(self._then(inner, ("times", -1.0)), ("add", number))
        if isinstance(node.op, ast.Div):
            return self._then(self._then(inner, ("power", -1.0)), ("times", number))
        if isinstance(node.op, ast.Pow):
            raise _refuse(self.text)
        return self._then(inner, self._step(node.op, number))

    def levels(self, node: ast.Call) -> Levels:
        """`C(column)`, or with a contrast and its base."""
        given = {"contrasts": node.args[1]} if len(node.args) == 2 else {}
        given |= {str(keyword.arg): keyword.value for keyword in node.keywords}
        if not 1 <= len(node.args) <= 2 or given.keys() - {"contrasts"}:
            raise _refuse(self.text)
        column = self.column(node.args[0])
        if not given:
            return Levels(self.text, column)
        how, base = given["contrasts"], ""
        if isinstance(how, ast.Call):
            how, base = how.func, self._base(how)
        if (contrast := CONTRASTS.get(_dotted(how))) is None or (base and contrast == SUM):
            raise UsageError(
                f"the formula has {self.text!r}: contrasts are contr.treatment('level') and contr.sum"
            )
        return Levels(self.text, column, contrast, base)

    def _base(self, call: ast.Call) -> str:
        """The level that a contrast compares to; empty where none is named."""
        named = [keyword.value for keyword in call.keywords if keyword.arg in ("base", "reference")]
        given = [*call.args, *named]
        if len(given) > 1 or len(named) < len(call.keywords):
            raise _refuse(self.text)
        if given and not (
            isinstance(given[0], ast.Constant) and type(given[0].value) in (str, int, float, bool)
        ):
            raise _refuse(self.text)
        return str(given[0].value) if given else ""  # type: ignore[attr-defined]


def _then(factor: Operand, step: Step) -> Operand:
    return dataclasses.replace(factor, steps=(*factor.steps, step))
