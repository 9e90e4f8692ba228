"""One query over a table's own columns, in SQL that SQLite, PostgreSQL and DuckDB speak."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.errors import ExportError, UsageError
from linnet.export.formats import Cells, NotCheckedError, TableFormat, headline
from linnet.export.program import Program, Table
from linnet.export.sql_source import (
    LOG_SIGMOID,
    MAX_FEATURES,
    MAX_OUTPUTS,
    double,
    identifier,
    open_database,
    string,
    table_parts,
    total,
)
from linnet.export.tables.cells import with_iso_dates
from linnet.export.tables.sql_cells import READERS, in_lines, level, trimmed
from linnet.export.tables.sql_steps import LARGEST, step
from linnet.model.table import PREDICTION

_HEAD = """-- {headline}.
-- Written by linnet, for SQLite 3.35, PostgreSQL 12 and DuckDB, or newer. It reads the columns
--   {columns}
-- of the table {table} (linnet export --table names another), and gives for each row
--   {kept}, "{prediction}"{promise}.
-- Numbers are of a type of numbers, dates of type DATE or TIMESTAMP, or ISO text; what is missing is NULL.
"""


def render(program: Program) -> bytes:
    """The query.

    Raises:
        UsageError: more columns or outputs than the databases take, or a name that SQL cannot say.
    """
    card, answers, keep = program.model.card, _answers(program), _keep(program)
    _check_size(program, keep)
    if clash := [name for name in keep if name in answers]:
        raise UsageError(f"the column {clash[0]} that is to be kept is called as an answer is")
    table = ".".join(_table(program))
    head = _HEAD.format(
        headline=headline(program.model), columns=", ".join(map(json.dumps, program.names)),
        table=json.dumps(table)[1:-1].replace('\\"', '"'), kept=", ".join(map(json.dumps, keep)),
        prediction=answers[0],
        promise=" and the probability of each class" if card.classes else "",
    )  # fmt: skip
    stages = [_texts(program, keep, table), _factors(program, keep)]
    stages += _steps(program, keep)
    stages.append(_scores(program, keep, len(stages) - 1))
    stages += _powers(program, len(stages) - 1) if card.classes else []
    last = [f"  {_kept(k)} AS {identifier(name)}" for k, name in enumerate(keep)]
    last += [f"  {text} AS {identifier(name)}" for name, text in zip(answers, _results(program), strict=True)]
    # Not materialized, SQLite puts each stage's expressions into the next, which grows without end.
    text = ",\n".join(f"linnet_{place} AS MATERIALIZED (\n{stage}\n)" for place, stage in enumerate(stages))
    query = f"WITH {text}\nSELECT\n" + ",\n".join(last) + f"\nFROM linnet_{len(stages) - 1}\n"
    return (head + query).encode()


def _answers(program: Program) -> list[str]:
    """The names of the answers, as `linnet predict` has them."""
    card = program.model.card
    if card.classes:
        return [PREDICTION, *(f"probability of {name}" for name in card.classes)]
    outputs = card.output_names(program.model.outputs)
    return [PREDICTION] if len(outputs) == 1 else [f"{PREDICTION} of {name}" for name in outputs]


def _table(program: Program) -> list[str]:
    """The parts of the name of the table that is read."""
    return (
        table_parts(program.table) if program.table else [identifier(Path(program.model.card.dataset).stem)]
    )


def _keep(program: Program) -> Sequence[str]:
    """The columns to give beside the answers."""
    return program.keep or [name for name in program.names if name not in _answers(program)]


def _check_size(program: Program, keep: Sequence[str]) -> None:
    outputs = program.model.outputs * (4 if program.model.card.classes else 1)
    wide = len(keep) + max(
        len(program.columns), len(program.factors) + len(_choices(program)), outputs
    )  # of a stage
    if wide > MAX_FEATURES and not program.keep:
        raise UsageError(
            f"a query takes at most {MAX_FEATURES} columns, and beside what it computes the {len(keep)} of "
            "the table are too many: name those to give beside the answers, by --keep (keep= in Python)"
        )
    if wide > MAX_FEATURES or program.model.outputs > MAX_OUTPUTS:
        raise UsageError(
            f"a query takes at most {MAX_FEATURES} columns and {MAX_OUTPUTS} outputs, but this one has "
            f"{wide} and {program.model.outputs}: export to numpy or ONNX"
        )


def _kept(place: int) -> str:
    return f"k{place}"


def _keeps(keep: Sequence[str]) -> list[str]:
    return [_kept(place) for place in range(len(keep))]


def _stage(columns: Sequence[str], source: str) -> str:
    return "  SELECT\n" + ",\n".join(f"    {column}" for column in columns) + f"\n  FROM {source}"


def _texts(program: Program, keep: Sequence[str], table: str) -> str:
    """The table's columns under short names: numbers as they are, others as text without space around it."""
    columns = [f"t.{identifier(name)} AS {_kept(place)}" for place, name in enumerate(keep)]
    for place, column in enumerate(program.columns):
        cell = f"t.{identifier(column.name)}"
        columns.append(f"{trimmed(cell) if column.kind != 'number' else cell} AS c{place}")
    return _stage(columns, f"{table} AS t")


def _factors(program: Program, keep: Sequence[str]) -> str:
    """Numbers and parts of dates as f0, f1, …; places among levels as p0, p1, … by their column.

    What is neither missing nor readable is NULL, and so is the answer.
    """
    columns = _keeps(keep)
    for place, factor in enumerate(program.factors):
        column = program.columns[program.place(factor)]
        cell = f"c{program.place(factor)}"
        columns.append(f"{READERS[column.kind](column, cell, factor)} AS f{place}")
    columns += [f"{level(program.columns[at], f'c{at}')} AS p{at}" for at in _choices(program)]
    return _stage(columns, "linnet_0")


def _choices(program: Program) -> dict[int, None]:
    """The places of the columns that choose, each once."""
    return dict.fromkeys(choice for table in program.tables for choice in table.choices)


def _steps(program: Program, keep: Sequence[str]) -> list[str]:
    """Stages in which f0, f1, … go through the functions of a formula, one a stage."""
    others = [*_keeps(keep), *(f"p{choice}" for choice in _choices(program))]
    stages = list[str]()
    for depth in range(max((len(one.steps) for one in program.factors), default=0)):
        made = [
            f"{step(*one.steps[depth], f'f{at}')} AS f{at}" if depth < len(one.steps) else f"f{at}"
            for at, one in enumerate(program.factors)
        ]
        stages.append(_stage([*others, *made], f"linnet_{depth + 1}"))
    return stages


def _scores(program: Program, keep: Sequence[str], source: int) -> str:
    """The scores, as s0, s1 and so on."""
    columns = _keeps(keep)
    for k, bias in enumerate(program.model.b):
        terms = [f"CAST({double(bias)} AS DOUBLE PRECISION)", *_terms(program, k)]
        columns.append(f"{total(terms)} AS s{k}")
    return _stage(columns, f"linnet_{source}")


def _terms(program: Program, k: int) -> Iterator[str]:
    for weights, product in zip(program.weights, program.products, strict=False):
        yield " * ".join([double(weights[k]), *(f"f{at}" for at in product)])
    for table in program.tables:
        yield " * ".join([_choice(program, table, k), *(f"f{at}" for at in table.factors)])


def _choice(program: Program, table: Table, k: int) -> str:
    """The weight that levels choose."""
    place = "0"
    for choice, size in zip(table.choices, table.sizes, strict=True):
        place = f"p{choice}" if place == "0" else f"({place}) * {size} + p{choice}"
    found = [
        f"WHEN {at} THEN {double(weight)}" for at, weight in enumerate(program.rows_of(table)[:, k]) if weight
    ]
    return f"CASE {place} {in_lines(found)} ELSE 0.0e0 END" if found else "0.0e0"


def _score(program: Program, k: int) -> str:
    """A score; NULL where a product of numbers was too large for a double."""
    numbers = [*program.products, *(table.factors for table in program.tables)]
    is_safe = all(len(factors) < 2 for factors in numbers)
    return f"s{k}" if is_safe else f"CASE WHEN ABS(s{k}) <= {double(LARGEST)} THEN s{k} END"


def _powers(program: Program, source: int) -> list[str]:
    """The stages that make powers e0, e1, … of scores, less the largest so that none overflows."""
    outputs = range(program.model.outputs)
    logit = LOG_SIGMOID if program.model.card.kind == "logistic" else "{0}"
    stages = [
        "  SELECT *,\n"
        + ",\n".join(f"    {logit.format(_score(program, k))} AS l{k}" for k in outputs)
        + f"\n  FROM linnet_{source}"
    ]
    names, depth = [f"l{k}" for k in outputs], 0
    while len(names) > 1:  # the larger of each two, until one is left
        depth += 1
        larger = [f"m{depth}_{at}" for at in range((len(names) + 1) // 2)]
        pairs = [
            f"    CASE WHEN {a} >= {b} THEN {a} ELSE {b} END AS {name}"
            for name, a, b in zip(larger, names[::2], [*names[1::2], names[-1]], strict=False)
        ]
        stages.append("  SELECT *,\n" + ",\n".join(pairs) + f"\n  FROM linnet_{len(stages) + source}")
        names = larger
    # PostgreSQL refuses a result too small for a double, so what is as good as 0 is 0.
    powers = [
        f"    CASE WHEN l{k} - {names[0]} < -700 THEN 0.0e0 ELSE EXP(l{k} - {names[0]}) END AS e{k}"
        for k in outputs
    ]
    stages.append(
        f"  SELECT *,\n    {names[0]} AS largest,\n"
        + ",\n".join(powers)
        + f"\n  FROM linnet_{len(stages) + source}"
    )
    return stages


def _results(program: Program) -> list[str]:
    """The answers."""
    card, outputs = program.model.card, range(program.model.outputs)
    if not card.classes:
        scores = [_score(program, k) for k in outputs]
        return [f"EXP({score})" if card.link == "log" else score for score in scores]
    whole = total([f"e{k}" for k in outputs])
    likeliest = " ".join(f"WHEN l{k} = largest THEN {string(name)}" for k, name in enumerate(card.classes))
    return [f"CASE {likeliest} END", *(f"e{k} / ({whole})" for k in outputs)]


def answers(path: Path, program: Program, cells: Cells) -> tuple[NDArray[np.floating], str]:
    """The query's answers in Python's SQLite.

    Raises:
        NotCheckedError: SQLite cannot have such a table.
        ExportError: SQLite cannot run it.
    """
    query, given = path.read_bytes().decode(), with_iso_dates(program, cells)  # each \r as it is
    *within, _ = parts = _table(program)
    names = list(dict.fromkeys([*given, *_keep(program)]))
    if len({name.encode().lower() for name in names}) < len(names):  # of ASCII alone, as SQLite does
        raise NotCheckedError(
            "SQLite has no table with two columns that differ in small and capital letters only"
        )
    types = {column.name: "REAL" if column.kind == "number" else "TEXT" for column in program.columns}
    columns = ", ".join(f"{identifier(name)} {types.get(name, 'TEXT')}" for name in names)
    rows = zip(*given.values(), strict=True)
    with open_database() as database:
        try:
            for part in within:
                database.execute(f"ATTACH ':memory:' AS {part}")
            table = ".".join(parts)
            database.execute(f"CREATE TABLE {table} ({columns})")
            marks = ", ".join("?" * len(given))
            into = ", ".join(map(identifier, given))
            database.executemany(f"INSERT INTO {table} ({into}) VALUES ({marks})", rows)
            count = len(_answers(program)) - bool(program.model.card.classes)
            made = [record[-count:] for record in database.execute(query)]
        except sqlite3.Error as error:
            raise ExportError(f"SQLite cannot use the exported query: {error}") from error
    return np.array(made, np.float64).reshape(len(made), -1), f"SQLite {sqlite3.sqlite_version}"


TABLE = TableFormat(frozenset(("number", "truth", "category", "date")), render, answers)
