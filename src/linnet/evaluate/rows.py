"""The rows of an evaluation: found by name or path, in the model's units; and those to calibrate on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from linnet.config.table import TableOptions
from linnet.data import locate, registry, user_data
from linnet.data.arguments import read_weights, weigh
from linnet.data.dataset import Dataset, Splits
from linnet.data.features import ReadFeatures
from linnet.data.formats.frames import to_frame
from linnet.data.formats.svmlight_rows import base_of
from linnet.data.formats.table import table_rows
from linnet.data.origin import Origin
from linnet.data.pictures.shape import is_color
from linnet.data.split import Whole, join, split
from linnet.data.tensors import as_frame
from linnet.errors import LinnetError, UsageError
from linnet.model.run import Run

Part = Literal["all", "train", "validation", "test"]
PARTS: tuple[Part, ...] = ("all", "train", "validation", "test")

UNSEEN: tuple[Part, ...] = ("validation", "test")
"""Parts of which nothing is trained on."""

SHARE = 0.2
"""Of the training rows, to calibrate on where a run kept none to validate on."""


class NamedRows(NamedTuple):
    """Rows to score a run by.

    Args:
        rows: with the model's classes and scale.
        part: which rows of the data those are, as in `PARTS`.
        holds_training: whether the run was trained on some of them; None where that is not known.
    """

    rows: Dataset
    part: Part
    holds_training: bool | None


def named_rows(
    run: Run,
    name: Path | str | None = None,
    *,
    part: Part | None = None,
    data_dir: Path | str | None = None,
    read: Callable[[], Splits] | None = None,
) -> NamedRows:
    """The rows that a name says: a file, an archive or a folder is taken whole unless a part is asked for.

    Classes that the rows lack are no fault; those that the model does not know are.

    Args:
        run: whose model is to be scored.
        name: of a data set of linnet's, or a path; None for the run's own data.
        part: "all", "train", "validation" or "test". Rows to validate on are those that the data set aside,
            or else those that the run kept from its training. When None a path gives all its rows, and the
            run's own data and linnet's data sets give their test rows, or those to train on where there are
            none to test on.
        data_dir: where a relative path begins; for the run's own data where they were when None.
        read: gives the run's own data, where they may have been read already.

    Raises:
        DataNotFoundError: there is nothing of that name.
        FormatError: the file cannot be read, or has a class that the model does not know.
        ShapeError: its features or outputs are not those of the model.
        UsageError: there is no such part, or the data and the run have none.
    """
    if part is not None and part not in PARTS:
        raise UsageError(f"part must be {', '.join(PARTS)}, not {part!r}")
    if name is not None and locate.is_own(str(name)):
        whole = user_data.load_whole(
            name, data_dir, run.card.classes, options=_table_options(run), schema=run.card.schema,
            features=None if run.is_module else run.predictor.features,
        )  # fmt: skip
        chosen = part or "all"
        rows = whole.rows if chosen == "all" else _part(run, whole.splits(), chosen)
        return NamedRows(fit_rows(run, rows), chosen, _holds_training(run, whole, chosen))
    splits = read() if name is None and read else splits_of(run, name and str(name), data_dir)
    chosen = part or ("train" if splits.test is None else "test")
    rows = join(*splits).rows if chosen == "all" else _part(run, splits, chosen)
    is_own = name is None or str(name) == run.card.dataset
    is_trained = None if not is_own or not is_trained_on(run, splits.train) else chosen not in UNSEEN
    return NamedRows(fit_rows(run, rows), chosen, is_trained)


class CalibrationSplit(NamedTuple):
    """Rows, what they are called, and whether the model was kept from them."""

    rows: Dataset
    source: str
    is_unseen: bool


def calibration_split(run: Run, train: Dataset, share: float = SHARE) -> CalibrationSplit:
    """The rows of a run to learn a calibration on: its validation rows, never its test set.

    Args:
        run: a finished run.
        train: all training rows of its data set, without weights.
        share: of the training rows, where there are no validation rows. The model has seen them, so what is
            learnt on them is a little too sure; for linear models on many rows it hardly matters.

    Raises:
        UsageError: these are not the rows that it was trained on.
    """
    if is_trained_on(run, train) is False:
        raise UsageError(
            f"the training rows of {train.name} are not those that the run was trained on: "
            "give the --data-dir of those"
        )
    if train.validation is not None and "validation_loss" in run.history.last:
        return CalibrationSplit(train.validation, "validation rows", True)
    fraction, seed = (run.fitted.validation, run.fitted.seed) if run.fitted else (None, 0)
    if fraction and "validation_loss" in run.history.last:
        return CalibrationSplit(split(train, fraction, seed)[1], "validation rows", True)
    return CalibrationSplit(split(train, share, seed)[1], "training rows", False)


def splits_of(run: Run, name: str | None, data_dir: Path | str | None) -> Splits:
    """Both parts of the run's own data, or of another data set.

    Args:
        run: it.
        name: of the other data set; None for its own.
        data_dir: where they are now; the run's own data where they were when None.

    Raises:
        DataNotFoundError: they cannot be had.
    """
    if run.origin is None and name is None and run.card.dataset not in registry.sources():
        raise UsageError(
            f"the rows of {run.card.dataset} were in memory when it was fitted: say which rows, by --data "
            "(name= in Python)"
        )
    origin = run.origin or Origin(run.card.dataset)
    if name is not None:  # a path begins where the command is given
        folder = None if locate.is_own(name) else origin.data_dir
        origin = Origin(name, folder, origin.seed)
    told = {} if data_dir is None else {"data_dir": str(data_dir)}
    train, test = registry.load_again(dataclasses.replace(origin, sample_weight=None, **told))
    return Splits(_weigh_again(train, origin), test)


def _weigh_again(train: Dataset, origin: Origin) -> Dataset:
    """Training rows with the weights of the file they were trained with, where it is there and of as many."""
    if origin.sample_weight is None:
        return train
    try:
        return weigh(train, read_weights(Path(origin.sample_weight), len(train)))
    except (LinnetError, OSError):
        return train


def describe_weights(run: Run, rows: Dataset) -> str:
    """How rows count that a run is scored by, where it was trained with weights; empty where it was not."""
    origin = run.origin
    source = None if origin is None else origin.sample_weight or origin.table.get("sample_weight")
    if source is None:
        return ""
    if rows.arrays.weights is not None:
        return f"rows count by their weights, {source}"
    return f"the run was trained with the weights {source}, which are not of these rows: each counts once"


def take_rows(run: Run, rows: Any) -> Dataset:
    """Rows as an evaluation takes them: a data set, a frame, or the path of a file, all of whose rows count.

    Raises:
        UsageError: they are none of these, or a frame is given to a model that was not trained on a table.
        LinnetError: as `named_rows` raises.
    """
    if isinstance(rows, Splits):
        raise UsageError("a model is scored on one part of the data: give splits.test, or splits.train")
    if isinstance(rows, str | Path):
        return named_rows(run, rows).rows
    if as_frame(rows) is not None and run.card.schema is not None:
        options = _table_options(run)
        return fit_rows(run, table_rows(to_frame(rows), "frame", options, schema=run.card.schema).rows)
    if not isinstance(rows, Dataset):
        raise UsageError(f"expected a Dataset, a frame or the path of a file, not {type(rows).__name__}")
    return fit_rows(run, rows)


def fit_rows(run: Run, rows: Dataset) -> Dataset:
    """Rows in the units that the model takes: pixels up to 255 for one of pixels up to 1, or the reverse.

    Raises:
        ShapeError: their features, outputs or classes are not those of the model.
        UsageError: its loss is not of such targets.
    """
    run.check_fits(rows)
    run.loss.check_targets(rows.arrays.y)
    if rows.scale == run.card.scale:
        return rows
    factor, X = rows.scale / run.card.scale, rows.arrays.X
    X = X.times(factor) if isinstance(X, ReadFeatures) else X.astype(np.float64) * factor
    return rows.replace(X=X, scale=run.card.scale, validation=None)


def _table_options(run: Run) -> TableOptions:
    """How the run's own data were said to be read, by which others are read for it, too."""
    stream = None if run.origin is None else run.origin.table.get("stream")
    if is_color(run.card.image_shape):
        return TableOptions(color=True, stream=stream)
    if run.card.schema is None or run.origin is None:
        base = base_of(run.card.columns) if run.origin is None else run.origin.table.get("index_base")
        return TableOptions(index_base=base, stream=stream)
    told = {name: value for name, value in run.origin.table.items() if name not in ("schema", "test")}
    return TableOptions(**told)


def _part(run: Run, splits: Splits, part: Part) -> Dataset:
    if part == "train":
        return splits.train
    if part == "validation":
        return _validation(run, splits.train)
    if splits.test is None:
        raise UsageError(f"{splits.train.name} has no rows to test on: take the part all or train")
    return splits.test


def _validation(run: Run, train: Dataset) -> Dataset:
    """The rows that the data set aside to validate on, or else those that the run kept from these rows."""
    if train.validation is not None:
        return train.validation
    kept = calibration_split(run, train) if is_trained_on(run, train) else None
    if kept is None or not kept.is_unseen:
        raise UsageError(
            f"{train.name} sets no rows aside to validate on, and the run kept none of them: train with "
            "--validation (validation=), or take the part train, test or all"
        )
    return kept.rows


def _holds_training(run: Run, whole: Whole, part: Part) -> bool | None:
    """Whether the checksum tells that a file holds the rows of the training."""
    if not run.dataset_checksum:
        return None
    if is_trained_on(run, whole.rows):
        return True
    try:
        splits = whole.splits()
    except UsageError:  # too few rows for two parts, and so for a training
        return False
    return part not in UNSEEN and bool(is_trained_on(run, splits.train))


def is_trained_on(run: Run, train: Dataset) -> bool | None:
    """Whether a run was trained on these rows, as its checksum tells; None where it does not tell.

    Args:
        run: it.
        train: all training rows of a data set, with or without the weights of a file.
    """
    if not run.dataset_checksum:
        return None
    is_same = run.dataset_checksum == train.checksum  # which counts the weights in
    if run.origin is None or run.origin.sample_weight is None:
        return is_same
    again = train if train.arrays.weights is not None else _weigh_again(train, run.origin)
    return run.dataset_checksum == again.checksum or None  # other weights may be the cause
