"""A finished model in a file that other programs read, each file run again before it takes its place.

formats      the parts of a format: a name, a file, how it is written and how it is run
safetensors  plain W and b, with metadata
onnx         a graph for onnxruntime and its kin
numpy        one Python file
js           one ES module
c            one C99 file
sql          one query for SQLite and PostgreSQL
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnet import files
from linnet.core.bank import Bank
from linnet.errors import ExportError, ShapeError, UsageError
from linnet.export import c, js, onnx, safetensors, sql
from linnet.export import numpy as numpy_file
from linnet.export.formats import Exported, Format, NotCheckedError, Rows
from linnet.model.pipeline import run_of
from linnet.model.predictor import Predictor
from linnet.model.run import Run

if TYPE_CHECKING:
    from torch import Tensor

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT for module in (safetensors, onnx, numpy_file, js, c, sql)
}
"""The formats by name."""

LIMIT = 1e-5
"""A file whose answers are further than this from the run's own is not kept."""

ROWS = 1000
"""Rows that a file is checked on, at most."""


def export_model(
    run: Run | Any, to: str, path: Path | str | None = None, rows: Tensor | Rows | None = None
) -> Exported:
    """Write a run's model as a file that other programs read, and run that file.

    The file is made and run in a temporary folder, and takes its place only when its answers are the
    run's own, computed in float64.

    Args:
        run: of one linear model, or a fitted pipeline (see `linnet.run_of`).
        to: safetensors, onnx, numpy, js, c or sql.
        path: the file; in the run's folder under the format's own name when None.
        rows: to check it on, as the data set stores them, (N, D); the first 1,000 are used. Rows drawn at
            random when None.

    Returns:
        Where it is and how far it is from the run.

    Raises:
        UsageError: an unknown format, several models, no path, a path where a file is that linnet did not
            make, or a model too large for the format.
        ShapeError: the rows do not fit the model.
        ExportError: the file does not give the run's answers. A file that stood at `path` is left there.
        MissingExtraError: the format needs an optional package.
        OSError: the file cannot be written.
    """
    if to not in FORMATS:
        raise UsageError(f"unknown format {to!r}: expected {', '.join(FORMATS)}")
    run = run_of(run)
    chosen, model = FORMATS[to], predictor(run)
    path = _place(run, chosen, path)
    X = _rows(model, rows)
    content = chosen.render(model)
    with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
        trial = Path(folder, chosen.file_name)
        trial.write_bytes(content)
        difference, checked_by = _check(chosen, trial, X, _expected(run, X))
    files.write(path, content)
    return Exported(path, difference, checked_by, len(X) if difference is not None else 0)


def predictor(run: Run) -> Predictor:
    """A run's model as arrays.

    Raises:
        UsageError: the run trained a module, or holds several models.
    """
    bank = run.bank
    if bank.models != 1:
        raise UsageError(f"the run holds {bank.models} models, but a file takes one: pick one")
    W, b = bank.W.numpy(force=True).copy(), bank.b.numpy(force=True).copy()
    learnt = run.card.calibration
    if learnt is None:
        return Predictor(W, b, run.card)
    if run.card.kind != "softmax":
        raise UsageError(
            "a calibration of one-vs-rest probabilities cannot be taken into the weights: export the model "
            "without it, after linnet evaluate --calibrate none"
        )
    # Softmax's logits are the scores, so that scaling and shifting them is another linear model.
    scale, shift = np.asarray(learnt.scale, W.dtype), np.asarray(learnt.shift, W.dtype)
    return Predictor(W * scale[:, None], b * scale + shift, dataclasses.replace(run.card, calibration=None))


def _place(run: Run, chosen: Format, path: Path | str | None) -> Path:
    if path is None and run.folder is None:
        raise UsageError("say where to write: the run has no folder")
    place = Path(path) if path is not None else Path(run.folder or "", chosen.file_name)
    if place.name in ("model.safetensors", "checkpoint.safetensors") and (place.parent / "run.json").exists():
        raise UsageError(f"{place} is the run's own file: export to another name")
    files.check_replaceable(place)
    return place


def _rows(model: Predictor, rows: Tensor | Rows | None) -> Rows:
    """At most ROWS rows to check on, in the type of the model's weights, which every format takes."""
    if rows is None:
        drawn = np.random.default_rng(0).random((ROWS, model.features))
        return (drawn / model.card.scale).astype(model.W.dtype)  # features mostly run from 0 to 1/scale
    import torch

    X = torch.as_tensor(rows[:ROWS]).double().numpy(force=True).astype(model.W.dtype, "C")  # bfloat16 too
    if X.ndim != 2 or X.shape[1] != model.features or not len(X):
        raise ShapeError(f"expected some rows of {model.features} features, got shape {X.shape}")
    return X


def _expected(run: Run, X: Rows) -> NDArray[np.float64]:
    """The run's own answers in float64, (B, K)."""
    import torch

    precise = dataclasses.replace(run, model=Bank(run.bank.theta.double().cpu()))
    rows = torch.from_numpy(X)
    return (precise.probabilities(rows) if run.card.classes else precise.predictions(rows)).numpy()


def _check(chosen: Format, trial: Path, X: Rows, expected: NDArray[np.float64]) -> tuple[float | None, str]:
    try:
        got, checked_by = chosen.answers(trial, X)
    except NotCheckedError as reason:
        return None, f"not checked: {reason}"
    if got.shape != expected.shape:
        raise ExportError(f"the {chosen.name} file gives answers of {got.shape}, not {expected.shape}")
    difference = float((np.abs(got - expected) / np.maximum(1, np.abs(expected))).max())
    if not difference <= LIMIT:  # NaN too
        raise ExportError(
            f"the {chosen.name} file is not kept: in {checked_by} its answers differ from the run's by "
            f"{difference:.2g}, more than {LIMIT:g}. Very large features or weights do this in float32: "
            "standardise the features, or train with dtype float64"
        )
    return difference, checked_by
