"""A finished model in a file that other programs read, each file run again before it takes its place.

formats      the parts of a format: a name, a file, how it is written and how it is run
safetensors  plain W and b, with metadata
onnx         a graph for onnxruntime and its kin
numpy        one Python file
tables       the same formats for models of tables, whose files take raw columns
js           one ES module
c            one C99 file
sql          one query for SQLite and PostgreSQL
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linnet import files
from linnet.errors import UsageError
from linnet.export import c, js, onnx, safetensors, sql
from linnet.export import numpy as numpy_file
from linnet.export.formats import Exported, Format
from linnet.export.program import program_of, takes_columns
from linnet.export.trial import LIMIT as LIMIT
from linnet.export.trial import ROWS as ROWS
from linnet.export.trial import Trial, try_columns, try_rows
from linnet.model.predictor import Predictor

if TYPE_CHECKING:
    from linnet.model.run import Run

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT for module in (safetensors, onnx, numpy_file, js, c, sql)
}
"""The formats by name."""


def export_model(
    run: Run | Path | str | Any,
    to: str,
    path: Path | str | None = None,
    rows: Any = None,
    *,
    table: str = "",
    keep: Sequence[str] = (),
) -> Exported:
    """Write a run's model as a file that other programs read, and run that file.

    The file of a model of a table takes its raw columns; of other models, encoded rows. It is made and run
    in a temporary folder, and takes its place only when its answers are the run's own, computed in float64.

    Args:
        run: of one linear model, or its folder, or a fitted pipeline (see `linnet.run_of`).
        to: safetensors, onnx, numpy, js, c or sql.
        path: the file; in the run's folder under the format's own name when None.
        rows: to check it on, of which the first 1,000 are used: as the data set stores them, (N, D), or of a
            table a frame or a list of dictionaries. When None, rows drawn at random; a model of a table is
            always checked on rows made of its schema, with gaps and levels that training did not see.
        table: the name of the table that a query reads; after the data set when empty.
        keep: the columns that a query gives beside the answers, or one; those of the model when empty.

    Returns:
        Where it is and how far it is from the run.

    Raises:
        UsageError: an unknown format, several models, no path, one whose suffix is another format's or where
            a file stands that is no export, a model too large for the format, or a column of a kind that it
            cannot encode.
        DataNotFoundError, ChecksumError: the folder holds no model, or a damaged one.
        ShapeError, FormatError: the rows do not fit the model.
        ExportError: the file does not give the run's answers. A file that stood at `path` is left there.
        MissingExtraError: the format needs an optional package.
        OSError: the file cannot be written.
    """
    if to not in FORMATS:
        raise UsageError(f"unknown format {to!r}: expected {', '.join(FORMATS)}")
    plain, folder = _open(run)
    chosen, model = FORMATS[to], absorb_calibration(plain)
    path = _place(folder, chosen, path)
    kept = (keep,) if isinstance(keep, str) else tuple(keep)
    if not takes_columns(model.card):
        trial = try_rows(chosen, plain, model, rows)
    else:
        trial = try_columns(chosen, program_of(model, table, kept), rows, _able(model))
    difference, checked_by = _run(trial, chosen)
    replaced = path.exists()
    files.write(path, trial.content)
    checked = len(trial.expected) if difference is not None else 0
    return Exported(path, difference, checked_by, checked, replaced)


def _run(trial: Trial, chosen: Format) -> tuple[float | None, str]:
    """Run a file in a folder of its own: how far it is from the run, and what ran it."""
    with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
        path = Path(folder, chosen.file_name)
        path.write_bytes(trial.content)
        return trial.difference(path, chosen.name)


def _able(model: Predictor) -> list[str]:
    """The formats that encode every kind of a model's columns."""
    schema = model.card.schema
    kinds = {column.kind for column in schema.columns} if schema else set[str]()
    return [name for name, one in FORMATS.items() if kinds <= one.table.kinds]


def _open(run: Any) -> tuple[Predictor, Path | None]:
    """A model as arrays, and its folder; of a folder without torch."""
    if isinstance(run, str | Path):
        return Predictor.open(Path(run)), Path(run)
    from linnet.model.pipeline import run_of

    run = run_of(run)
    return _plain(run), run.folder


def predictor(run: Run) -> Predictor:
    """A run's model as arrays, its calibration taken into the weights.

    Raises:
        UsageError: the run trained a module, or holds several models, or its calibration cannot be taken in.
    """
    return absorb_calibration(_plain(run))


def _plain(run: Run) -> Predictor:
    bank = run.bank
    if bank.models != 1:
        raise UsageError(f"the run holds {bank.models} models, but a file takes one: pick one")
    return Predictor(bank.W.numpy(force=True).copy(), bank.b.numpy(force=True).copy(), run.card)


def absorb_calibration(model: Predictor) -> Predictor:
    """The model with its calibration taken into the weights.

    Raises:
        UsageError: it cannot be.
    """
    W, b, learnt = model.W, model.b, model.card.calibration
    if learnt is None:
        return model
    if model.card.kind != "softmax":
        raise UsageError(
            "a calibration of one-vs-rest probabilities cannot be taken into the weights: export the model "
            "without it, after linnet evaluate --calibrate none"
        )
    # Softmax's logits are the scores, so that scaling and shifting them is another linear model.
    scale, shift = np.asarray(learnt.scale, W.dtype), np.asarray(learnt.shift, W.dtype)
    return Predictor(W * scale[:, None], b * scale + shift, dataclasses.replace(model.card, calibration=None))


def _place(folder: Path | None, chosen: Format, path: Path | str | None) -> Path:
    if path is None and folder is None:
        raise UsageError("say where to write: the run has no folder")
    place = Path(path) if path is not None else Path(folder or "", chosen.file_name)
    _check_suffix(place, chosen)
    if place.name in ("model.safetensors", "checkpoint.safetensors") and (place.parent / "run.json").exists():
        raise UsageError(f"{place} is the run's own file: export to another name")
    files.check_replaceable(place)
    marks = [one.mark for one in FORMATS.values()]
    if place.is_file() and place.stat().st_size and not files.has_mark(place, marks):
        raise UsageError(f"{place} is no export, so it stays: give another --out (path=)")
    return place


def _check_suffix(place: Path, chosen: Format) -> None:
    """Refuse a name that promises another format; one without a suffix promises none."""
    suffix = place.suffix.lower()
    if not suffix or suffix in chosen.suffixes:
        return
    other = next((f", or export --to {one.name}" for one in FORMATS.values() if suffix in one.suffixes), "")
    raise UsageError(
        f"{place} does not suit {chosen.name}, which writes {chosen.what}: give a name that ends in "
        f"{' or '.join(chosen.suffixes)}{other}"
    )
