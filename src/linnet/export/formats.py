"""`Format`: how a file is written and run again, and the parts that several formats share."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from linnet.config.losses import name_model
from linnet.data.pictures.shape import is_color
from linnet.errors import ExportError
from linnet.export.program import Program, takes_columns
from linnet.model.predictor import Predictor

Rows = NDArray[np.float32] | NDArray[np.float64]
"""Rows that a file is run on, in the type of the model's weights."""

Cell: TypeAlias = "float | str | None"
"""A cell as every format takes it: a number, days since 1970-01-01 or a text; None where it is missing."""

Cells: TypeAlias = Mapping[str, Sequence[Cell]]
"""Columns of raw cells by name, each (N,)."""

TIMEOUT = 120
"""Seconds that a file may take over the test rows."""


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Args:
        path: where.
        difference: the largest difference from the run's own probabilities (of a regression: from its
            predictions, as a share of them where they are beyond ±1); None where it was not checked.
        checked_by: the program that ran the file, or "not checked: …" with the reason.
        rows: how many rows it was checked on.
        replaced: an earlier export stood there.
    """

    path: Path
    difference: float | None
    checked_by: str
    rows: int
    replaced: bool = False


@dataclass(frozen=True)
class TableFormat:
    """A way to write a model of a table, whose file takes raw columns.

    Args:
        kinds: of columns that it encodes.
        render: the file's content.
        answers: the file's own answers, (B, K), for raw cells of the program's columns, and what ran it. It
            raises `NotCheckedError` where there is no such program.
    """

    kinds: frozenset[str]
    render: Callable[[Program], bytes]
    answers: Callable[[Path, Program, Cells], tuple[NDArray[np.floating], str]]


@dataclass(frozen=True)
class Format:
    """A way to write a model.

    Args:
        name: as `--to` takes it.
        file_name: of the file unless another is asked for.
        render: the file's content.
        answers: the file's own answers, (B, K), for rows (B, D) of the model's type, and what ran it. It
            raises `NotCheckedError` where there is no such program.
        table: likewise of a model of a table.
        suffixes: that a file of the format may have.
        what: it writes, in words.
        mark: that its files bear, one of `linnet.files.MARKS`.
    """

    name: str
    file_name: str
    render: Callable[[Predictor], bytes]
    answers: Callable[[Path, Rows], tuple[NDArray[np.floating], str]]
    table: TableFormat
    suffixes: tuple[str, ...]
    what: str
    mark: bytes = b"Written by linnet"


class NotCheckedError(Exception):
    """There is nothing here to run the file with; the message says what is missing."""


def base64_lines(array: NDArray[np.floating], width: int = 100) -> list[str]:
    """An array's little-endian bytes in base64, as lines."""
    little = array.astype(array.dtype.newbyteorder("<"))
    text = b64encode(little.tobytes()).decode()
    return [text[low : low + width] for low in range(0, len(text), width)]


def headline(model: Predictor) -> str:
    """What the file holds, in a sentence of ASCII."""
    kinds = {"softmax": "softmax regression", "logistic": "one-vs-rest logistic regression"}
    plain = "linear regression" if model.card.link == "identity" else name_model(model.card.loss)
    kind = kinds.get(model.card.kind, plain)
    name = model.card.dataset
    name = "".join(c if c.isascii() and (c.isalnum() or c in " _-.") else "_" for c in name)
    schema = model.card.schema if takes_columns(model.card) else None
    given = f"{len(schema.columns)} columns" if schema else f"{model.features} features"
    if (shape := model.card.image_shape) is not None and is_color(shape):
        given += f" ({shape[0]} x {shape[1]} pixels, line by line, red, green and blue of each)"
    return f"{kind} of {name}: {given} to {model.outputs} outputs"


def run_program(command: Sequence[str | Path], what: str) -> None:
    """Run a program on an exported file.

    Raises:
        ExportError: it failed, or took too long.
    """
    try:
        ended = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"{what} took more than {TIMEOUT} seconds over the exported file") from error
    if ended.returncode:
        raise ExportError(f"{what} cannot use the exported file: {(ended.stderr or ended.stdout).strip()}")


def run_module(module: Path, driver: str, given: Path, made: Path) -> None:
    """Run an ES module in node.

    Args:
        module: the exported file, by whatever name.
        driver: a module that takes three arguments: the exported module, and what follows.
        given: what the driver reads.
        made: what it writes.

    Raises:
        NotCheckedError: there is no node.
        ExportError: node cannot use it.
    """
    node = shutil.which("node")
    if node is None:
        raise NotCheckedError("no node was found on the PATH")
    with tempfile.TemporaryDirectory(prefix="linnet-") as name:
        copy, script = (
            Path(name, "model.mjs"),
            Path(name, "driver.mjs"),
        )  # the suffix says that it is a module
        copy.write_bytes(module.read_bytes())
        script.write_text(driver, "utf-8")
        run_program([node, script, copy, given, made], "node")
