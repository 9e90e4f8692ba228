"""A graph with an input a column: numbers and days as doubles, categories and truths as texts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet.export.formats import Cells, TableFormat, headline
from linnet.export.graph import Graph, finish, log_sigmoid, run_graph
from linnet.export.program import Program, Table
from linnet.schema.category import Category
from linnet.schema.cells import MISSING
from linnet.schema.columns import Column, Truth
from linnet.schema.terms import Factor

if TYPE_CHECKING:
    from onnx import ValueInfoProto

YES, NO, GAP, OTHER = range(4)
"""The places of a truth's words, and of what is none of them, which makes the answer NaN."""

TEXTS = frozenset(("truth", "category"))
"""Kinds whose input is text."""


def render(program: Program) -> bytes:
    """The file: an input (B, 1) a column; outputs "probabilities" (B, K) and "class" (B,), or "predictions".

    The graph computes in double. An output that is called as a column gets an underline behind it.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    model, card = program.model, program.model.card
    assert card.schema is not None
    graph = Graph(taken=program.names)
    cells = [_read(graph, column) for column in program.columns]
    numbers = [_factor(graph, program, factor, cells[program.place(factor)]) for factor in program.factors]
    parts = [
        *_products(graph, program, numbers),
        *(_chosen(graph, program, one, cells, numbers) for one in program.tables),
    ]
    scores = graph.constant(program.model.b.astype(np.float64)[None])
    for part in parts:
        scores = graph.add("Add", scores, part)
    outputs = _outputs(graph, program, scores)
    said = {
        "kind": card.kind, "dtype": "float64", "dataset": card.dataset, "scale": repr(card.scale),
        "classes": json.dumps(card.classes, ensure_ascii=False), "image_shape": "null",
        "columns": json.dumps({one.name: one.kind for one in program.columns}, ensure_ascii=False),
        "schema": json.dumps(card.schema.to_json(), ensure_ascii=False),
    }  # fmt: skip
    return finish(graph, list(map(_input, program.columns)), outputs, said, headline(model))


def _input(column: Column) -> ValueInfoProto:
    from onnx import TensorProto, helper

    kind = TensorProto.STRING if column.kind in TEXTS else TensorProto.DOUBLE
    return helper.make_tensor_value_info(column.name, kind, ["batch", 1])


def _read(graph: Graph, column: Column) -> str:
    """A column's numbers as they are, or the places of its words, (B, 1)."""
    if isinstance(column, Truth):
        yes, no = column.words
        return graph.encode(
            column.name, {**_places(MISSING, GAP), **_places(no, NO), **_places(yes, YES)}, OTHER
        )
    if isinstance(column, Category):
        count = len(column.levels)
        levels = {level: place for place, level in enumerate(column.levels)}
        return graph.encode(column.name, {**levels, **_places(MISSING, count + 1)}, count)
    return column.name


def _places(words: Iterable[str], place: int) -> dict[str, int]:
    """Words in the ways that they are written: the graph's operators do not turn letters into small ones."""
    special = {"nan": "NaN", "nat": "NaT"}
    forms = (
        (one, one.upper(), one.capitalize(), one.title(), special.get(one, one)) for one in sorted(words)
    )
    return {form: place for several in forms for form in several}


def _factor(graph: Graph, program: Program, factor: Factor, cell: str) -> str:
    """A number that is made of cells, (B, 1)."""
    if program.columns[program.place(factor)].kind == "truth":
        of_places = {"number": [1, 0, factor.fill, np.nan], "missing": [0, 0, 1, np.nan]}[factor.function]
        return graph.add("Gather", graph.constant(np.array(of_places, np.float64)), cell)
    gap = graph.add("IsNaN", cell)
    if factor.function == "missing":
        return graph.add("Where", gap, graph.constant(1.0), graph.constant(0.0))
    filled = graph.add("Where", gap, graph.constant(factor.fill), cell)
    made = filled if factor.function == "number" else _part(graph, filled, factor)
    for name, number in factor.steps:
        made = _finite(graph, STEPS[name](graph, made, number))
    return made


def _finite(graph: Graph, x: str) -> str:
    """Numbers, NaN in place of infinite ones."""
    is_finite = graph.add("Less", graph.add("Abs", x), graph.constant(np.inf))
    return graph.add("Where", is_finite, x, graph.constant(np.nan))


def _power(graph: Graph, x: str, number: float) -> str:
    """A power; Pow itself makes 1 of NaN by 0."""
    return graph.add("Pow", x, graph.constant(number)) if number else graph.plus(graph.times(x, 0.0), 1.0)


def _log1p(graph: Graph, x: str, _: float) -> str:
    """log(1 + x), for which there is no operator: with u = 1 + x it is log(u) · x / (u − 1).

    After D. Goldberg, What every computer scientist should know about floating-point arithmetic (1991),
    theorem 4.
    """
    u = graph.plus(x, 1.0)
    found = graph.times(graph.add("Log", u), graph.add("Div", x, graph.sub(u, 1.0)))
    return graph.add("Where", graph.add("Equal", u, graph.constant(1.0)), x, found)


def _expm1(graph: Graph, x: str, _: float) -> str:
    """exp(x) − 1: with u = exp(x) it is (u − 1) · x / log(u).

    After N. Higham, Accuracy and Stability of Numerical Algorithms (2002), section 1.14.1.
    """
    u = graph.add("Exp", x)
    less = graph.sub(u, 1.0)
    found = graph.times(less, graph.add("Div", x, graph.add("Log", u)))
    near = graph.add("Where", graph.add("Equal", u, graph.constant(1.0)), x, found)
    return graph.add("Where", graph.add("Equal", less, graph.constant(-1.0)), less, near)


def _log_over(base: float) -> Callable[[Graph, str, float], str]:
    return lambda graph, x, _: graph.times(graph.add("Log", x), 1 / math.log(base))


STEPS: dict[str, Callable[[Graph, str, float], str]] = {
    "add": lambda graph, x, number: graph.plus(x, number),
    "times": lambda graph, x, number: graph.times(x, number),
    "power": _power,
    "log": lambda graph, x, _: graph.add("Log", x),
    "log2": _log_over(2),
    "log10": _log_over(10),
    "log1p": _log1p,
    "exp": lambda graph, x, _: graph.add("Exp", x),
    "expm1": _expm1,
    "sqrt": lambda graph, x, _: graph.add("Sqrt", x),
    "abs": lambda graph, x, _: graph.add("Abs", x),
}
"""The functions that a formula has."""


def _part(graph: Graph, days: str, factor: Factor) -> str:
    """A part of dates; the first of March begins a year that ends with a leap day."""
    part = factor.function
    if part == "days":
        return graph.sub(days, factor.since)
    whole = graph.add("Floor", days)
    if part == "hour":
        return graph.add("Floor", graph.plus(graph.times(graph.sub(days, whole), 24.0), 1e-9))
    if part == "weekday":
        shifted = graph.plus(whole, 3.0)
        return graph.plus(graph.sub(shifted, graph.times(graph.floor(shifted, 7.0), 7.0)), 1.0)
    shifted = graph.plus(whole, 719468.0)
    era = graph.floor(shifted, 146097.0)
    day = graph.sub(shifted, graph.times(era, 146097.0))
    leaps = graph.sub(
        graph.floor(day, 36524.0), graph.plus(graph.floor(day, 1460.0), graph.floor(day, 146096.0))
    )
    year = graph.floor(graph.plus(day, leaps), 365.0)
    before = graph.plus(graph.times(year, 365.0), graph.sub(graph.floor(year, 4.0), graph.floor(year, 100.0)))
    place = graph.floor(graph.plus(graph.times(graph.sub(day, before), 5.0), 2.0), 153.0)
    is_early = graph.add("Less", place, graph.constant(10.0))
    month = graph.add("Where", is_early, graph.plus(place, 3.0), graph.sub(place, 9.0))
    if part == "month":
        return month
    is_next = graph.add("Where", is_early, graph.constant(0.0), graph.constant(1.0))
    return graph.plus(graph.plus(year, graph.times(era, 400.0)), is_next)


def _products(graph: Graph, program: Program, numbers: Sequence[str]) -> list[str]:
    """What the products add to the scores, (B, K): one matrix product."""
    if not program.products:
        return []
    values = graph.add("Concat", *(_product(graph, numbers, product) for product in program.products), axis=1)
    weights = program.weights[: len(program.products)].astype(np.float64)
    return [graph.add("MatMul", values, graph.constant(weights))]


def _product(graph: Graph, numbers: Sequence[str], factors: Sequence[int]) -> str:
    first, *others = factors
    found = numbers[first]
    for at in others:
        found = graph.add("Mul", found, numbers[at])
    return _finite(graph, found) if others else found


def _chosen(
    graph: Graph, program: Program, table: Table, cells: Sequence[str], numbers: Sequence[str]
) -> str:
    """What the rows that levels choose add to the scores, (B, K)."""
    place = ""
    for choice, size in zip(table.choices, table.sizes, strict=True):
        at = graph.add("Squeeze", cells[choice], graph.constant(np.array([1])))
        place = at if not place else graph.plus(graph.add("Mul", place, graph.constant(np.array([size]))), at)
    rows = graph.add("Gather", graph.constant(program.rows_of(table).astype(np.float64)), place, axis=0)
    return graph.add("Mul", rows, _product(graph, numbers, table.factors)) if table.factors else rows


def _outputs(graph: Graph, program: Program, scores: str) -> list[ValueInfoProto]:
    """The nodes of the answers."""
    from onnx import TensorProto, helper

    card, outputs = program.model.card, program.model.outputs
    answer = graph.free("predictions" if card.kind == "regression" else "probabilities")
    found = [helper.make_tensor_value_info(answer, TensorProto.DOUBLE, ["batch", outputs])]
    if card.kind == "regression":
        graph.add("Exp" if card.link == "log" else "Identity", scores, out=answer)
        return found
    likeliest = graph.free("class")
    graph.add("ArgMax", scores, out=likeliest, axis=1, keepdims=0)
    logits = log_sigmoid(graph, scores) if card.kind == "logistic" else scores
    graph.add("Softmax", logits, out=answer, axis=1)
    return [*found, helper.make_tensor_value_info(likeliest, TensorProto.INT64, ["batch"])]


def answers(path: Path, program: Program, cells: Cells) -> tuple[NDArray[np.floating], str]:
    """The graph's answers in onnxruntime.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ExportError: onnxruntime cannot use the file.
    """
    return run_graph(path, {one.name: _tensor(one, cells[one.name]) for one in program.columns})


def _tensor(column: Column, cells: Sequence[Any]) -> NDArray[Any]:
    if column.kind in TEXTS:
        return np.array(["" if cell is None else cell for cell in cells], object)[:, None]
    return np.array([np.nan if cell is None else cell for cell in cells], np.float64)[:, None]


TABLE = TableFormat(frozenset(("number", "truth", "category", "date")), render, answers)
