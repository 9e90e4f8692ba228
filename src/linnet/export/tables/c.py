"""One C99 file that takes a row of a table as a struct."""

from __future__ import annotations

import math
import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linnet.errors import UsageError
from linnet.export.c_source import commented, compile_and_run, identifiers, number, numbers, string
from linnet.export.formats import Cell, Cells, TableFormat, headline
from linnet.export.program import Program, Table
from linnet.export.tables.c_template import (
    ADD,
    CIVIL,
    CLASSES,
    DRIVER,
    FILE,
    HASH,
    LEVELS,
    LOG_SIGMOID,
    PARTS,
    REGRESSION,
    SOFTMAX,
    TEXTS,
)
from linnet.export.tables.cells import example_days
from linnet.export.tables.template import fill_in
from linnet.schema.cells import MISSING
from linnet.schema.columns import Column, Truth
from linnet.schema.hashed import Hashed

_HOLDS = {
    "number": "NAN is missing", "truth": "1 is {yes}, 0 is {no}, NAN is missing",
    "date": "days since 1970-01-01, the time of day as a fraction; NAN is missing",
    "category": "NULL is missing", "hash": "a text in UTF-8, NULL is missing",
}  # fmt: skip

_TEXTS = ("category", "hash")
"""Kinds whose field is a text."""

_CHECKS = {
    "number": "isinf({cell})", "date": "isinf({cell})",
    "truth": "!isnan({cell}) && {cell} != 0 && {cell} != 1",
}  # fmt: skip

_FUNCTIONS = {
    "number": "isnan({cell}) ? {fill} : {cell}", "missing": "isnan({cell}) ? 1 : 0",
    "days": "(isnan({cell}) ? {fill} : {cell}) - {since}",
    **{name: f"linnet_{name}(isnan({{cell}}) ? {{fill}} : {{cell}})" for name in PARTS},
}  # fmt: skip

_STEPS = {
    "add": "{x} + {number}", "times": "{x} * {number}", "power": "pow({x}, {number})", "abs": "fabs({x})",
    **{name: f"{name}({{x}})" for name in ("log", "log2", "log10", "log1p", "exp", "expm1", "sqrt")},
}  # fmt: skip
"""The functions that a formula has, of the number before it."""


def render(program: Program) -> bytes:
    """The file's source, in ASCII."""
    model, card = program.model, program.model.card
    fields = identifiers(program.names)
    answer = REGRESSION if card.kind == "regression" else SOFTMAX
    return fill_in(
        FILE, headline=headline(model), example=_example(program, fields), width=len(fields),
        promise="the predictions" if card.kind == "regression" else "the class probabilities",
        outputs=model.outputs, fields="\n".join(map(_field, program.columns, fields)),
        dataset=string(card.dataset), columns=",\n".join(f"    {string(name)}" for name in program.names),
        classes=fill_in(CLASSES, names=",\n".join(f"    {string(name)}" for name in card.classes))
        if card.classes else "",
        b=numbers(model.b.astype(np.float64)), tables="\n".join(_tables(program)),
        functions=_functions(program), factors=max(1, len(program.factors)),
        read="\n".join(_read(program, fields)), add="\n".join(_add(program, fields)),
        answer=fill_in(
            answer, mean="exp(scores[k])" if card.link == "log" else "scores[k]",
            before=LOG_SIGMOID if card.kind == "logistic" else "",
        ),
    ).encode("ascii")  # fmt: skip


def _field(column: Any, field: str) -> str:
    """The line of a column in the struct, with its name and what it holds."""
    words = {name: string(str(getattr(column, name, ""))) for name in ("true", "false")}
    kind = "const char *" if column.kind in _TEXTS else "double "
    said = f"{string(column.name)}: {_HOLDS[column.kind].format(yes=words['true'], no=words['false'])}"
    return f"    {kind}{field}; /* {commented(said)} */"


def _example(program: Program, fields: Sequence[str]) -> str:
    cells = example_days(program).values()
    shown = map(_shown, program.columns, cells)
    lines = (f".{field} = {commented(cell)}" for field, cell in zip(fields, shown, strict=True))
    return ",\n".join(f" *         {line}" for line in lines)


def _shown(column: Column, cell: Cell) -> str:
    """A cell of the example."""
    if column.kind == "truth":
        return "1"
    return string(cell) if isinstance(cell, str) else f"{cell:.15g}"


def _functions(program: Program) -> str:
    """The functions that the program needs, and no other: compilers warn of those."""
    used = {factor.function for factor in program.factors}
    parts = [CIVIL] if used & {"year", "month"} else []
    parts += [text for name, text in PARTS.items() if name in used]
    kinds = {program.columns[choice].kind for choice in _choices(program)}
    if kinds:
        parts.append(fill_in(TEXTS, missing=", ".join(string(word) for word in sorted(MISSING) if word)))
    parts += [text for kind, text in (("category", LEVELS), ("hash", HASH)) if kind in kinds]
    return "".join([*parts, fill_in(ADD, type=_type(program))])


def _type(program: Program) -> str:
    return "float" if program.weights.itemsize == 4 else "double"


def _choices(program: Program) -> dict[int, None]:
    """The places of the columns that choose, each once."""
    return dict.fromkeys(choice for table in program.tables for choice in table.choices)


def _order(program: Program, choice: int) -> list[int]:
    """The places of a category's levels in the order of strcmp, which is that of code points, too."""
    levels: Sequence[str] = getattr(program.columns[choice], "levels")  # noqa: B009
    if any("\0" in level for level in levels):
        raise UsageError(f"a level of {program.names[choice]} holds a NUL, which ends a text in C")
    return sorted(range(len(levels)), key=lambda place: levels[place])


def _tables(program: Program) -> Iterator[str]:
    """The arrays of levels and weights."""
    if program.products:
        yield _array(program, "linnet_W", program.weights[: len(program.products)])
    for choice in _choices(program):
        if program.columns[choice].kind == "hash":
            continue
        levels = [getattr(program.columns[choice], "levels")[place] for place in _order(program, choice)]  # noqa: B009
        texts = ",\n".join(f"    {string(level)}" for level in levels or [""])
        yield f"static const char *const linnet_levels_{choice + 1}[] = {{\n{texts}\n}};"
    for place, table in enumerate(program.tables):
        rows = program.rows_of(table).reshape(*table.sizes, -1)
        for axis, choice in enumerate(table.choices):
            if program.columns[choice].kind == "hash":
                continue
            order = _order(program, choice)
            rows = rows.take([*order, len(order), len(order) + 1], axis)
        yield _array(program, f"linnet_table_{place + 1}", rows.reshape(table.rows, -1))


def _array(program: Program, name: str, rows: NDArray[np.floating]) -> str:
    lines = ",\n".join(f"    {{\n{numbers(row)}\n    }}" for row in rows)
    return f"static const {_type(program)} {name}[][LINNET_OUTPUTS] = {{\n{lines}\n}};"


def _read(program: Program, fields: Sequence[str]) -> Iterator[str]:
    """The lines that make numbers and places of the row."""
    for place, (column, field) in enumerate(zip(program.columns, fields, strict=True)):
        if check := _CHECKS.get(column.kind):
            yield f"    if ({check.format(cell=f'row->{field}')}) return {place + 1};"
    for place, factor in enumerate(program.factors):
        values = {"fill": number(np.float64(factor.fill)), "since": number(np.float64(factor.since))}
        cell = f"row->{fields[program.place(factor)]}"
        yield f"    f[{place}] = {_FUNCTIONS[factor.function].format(cell=cell, **values)};"
        for name, of in factor.steps:
            step = _STEPS[name].format(x=f"f[{place}]", number=number(np.float64(of)))
            yield f"    f[{place}] = {step};"
            yield f"    if (!isfinite(f[{place}])) return {program.place(factor) + 1};"
    for factors in dict.fromkeys([*program.products, *(table.factors for table in program.tables)]):
        if len(factors) > 1:
            place = program.place(program.factors[factors[0]])
            yield f"    if (!isfinite({_product(factors)})) return {place + 1};"
    for choice in _choices(program):
        column, cell = program.columns[choice], f"row->{fields[choice]}"
        call = f"linnet_level({cell}, linnet_levels_{choice + 1}, {len(column.to_json().get('levels', ()))})"
        if isinstance(column, Hashed):
            call = f"linnet_hash({cell}, {column.buckets})"
        yield f"    size_t place_{choice + 1} = {call};"


def _add(program: Program, fields: Sequence[str]) -> Iterator[str]:
    for place, product in enumerate(program.products):
        yield f"    linnet_add(scores, linnet_W[{place}], {_product(product)});"
    for place, table in enumerate(program.tables):
        yield f"    linnet_add(scores, linnet_table_{place + 1}[{_place(table)}], {_product(table.factors)});"


def _place(table: Table) -> str:
    text = "0"
    for choice, size in zip(table.choices, table.sizes, strict=True):
        text = f"place_{choice + 1}" if text == "0" else f"({text}) * {size} + place_{choice + 1}"
    return text


def _product(factors: Sequence[int]) -> str:
    return " * ".join(f"f[{at}]" for at in factors) or "1"


def answers(path: Path, program: Program, cells: Cells) -> tuple[NDArray[np.floating], str]:
    """The answers of the file, compiled here.

    Raises:
        NotCheckedError: there is no C compiler.
        ExportError: it does not compile, or does not run.
    """
    fields, rows = identifiers(program.names), list(zip(*cells.values(), strict=True))
    readers = ("text" if column.kind in _TEXTS else "number" for column in program.columns)
    read = "\n".join(f"        row.{field} = {one}(in);" for field, one in zip(fields, readers, strict=True))
    with tempfile.TemporaryDirectory(prefix="linnet-") as name:
        folder = Path(name)
        (folder / "model.c").write_bytes(path.read_bytes())
        (folder / "driver.c").write_text(fill_in(DRIVER, rows=len(rows), read=read), "ascii")
        (folder / "rows").write_bytes(b"".join(_packed(program, row) for row in rows))
        compiler = compile_and_run(folder, ["driver.c"])
        return np.fromfile(folder / "answers").reshape(len(rows), -1), f"the C compiler {compiler}"


def _packed(program: Program, row: Sequence[Cell]) -> bytes:
    return b"".join(map(_pack, program.columns, row))


def _pack(column: Column, cell: Cell) -> bytes:
    """A cell as the driver reads it."""
    if column.kind in _TEXTS:
        text = str(cell).encode()
        return struct.pack("=i", -1) if cell is None else struct.pack("=i", len(text)) + text
    if isinstance(column, Truth) and cell is not None:
        cell = float(str(cell).strip().lower() in column.words[0])
    return struct.pack("=d", math.nan if cell is None else cell)


TABLE = TableFormat(frozenset(("number", "truth", "category", "hash", "date")), render, answers)
