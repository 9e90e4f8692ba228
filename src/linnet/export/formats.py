"""`Format`: how a file is written and run again, and the parts that several formats share."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linnet.config.losses import name_model
from linnet.errors import ExportError
from linnet.model.predictor import Predictor

Rows = NDArray[np.float32] | NDArray[np.float64]
"""Rows that a file is run on, in the type of the model's weights."""

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
    """

    path: Path
    difference: float | None
    checked_by: str
    rows: int


@dataclass(frozen=True)
class Format:
    """A way to write a model.

    Args:
        name: as `--to` takes it.
        file_name: of the file unless another is asked for.
        render: the file's content.
        answers: the file's own answers, (B, K), for rows (B, D) of the model's type, and what ran it. It
            raises `NotCheckedError` where there is no such program.
    """

    name: str
    file_name: str
    render: Callable[[Predictor], bytes]
    answers: Callable[[Path, Rows], tuple[NDArray[np.floating], str]]


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
    return f"{kind} of {name}: {model.features} features to {model.outputs} outputs"


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
