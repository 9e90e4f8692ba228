"""`Recipe`, the options of training, and `Job`, those of `linnet train`; to and from TOML and JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from linnet import folders
from linnet.config.hyperparameters import HYPERPARAMETERS, Common, Hyperparameters
from linnet.config.requests import FitRequest, as_dict, read_request
from linnet.config.table import TableChoices
from linnet.errors import DataNotFoundError, FormatError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOFTMAX_BOOK = {"epochs": 10, "batch_size": 256, "lr": 0.1, "loss": "softmax", "measure": "running"}
"""D2L 3.6 and 3.7: softmax regression on Fashion-MNIST."""

LINEAR_BOOK = {"epochs": 3, "batch_size": 10, "lr": 0.03, "loss": "squared", "measure": "after"}
"""D2L 3.2: linear regression on synthetic data."""

TABLE_BATCH, TABLE_STEPS, TABLE_EPOCHS = 32, 500, 30
"""Of tables, which may have few rows: rows a minibatch of classes; steps, and the most epochs for them."""

STOPPING_SHARE = 0.1
"""The rows kept for validation where early stopping was asked for and nothing was said of them."""


@dataclass(frozen=True, kw_only=True)
class Passes:
    """What one asks for first.

    Args:
        epochs: passes over the training rows; 10 for classes, 3 for a regression, and on tables of few rows
            up to 30, for 500 steps.
        batch_size: rows a minibatch, B; 256 for classes, on tables 32; 10 for a regression.
        lr: learning rate on the mean loss of a minibatch; 0.1 for classes, 0.03 for a regression.
    """

    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe(Common, Passes):
    """How to train; see `Passes` and `Common` for the fields not listed here.

    Args:
        loss: softmax, logistic (each class against the rest), squared, absolute, huber or poisson (counts);
            softmax for classes, squared for a regression.
        huber: the threshold between Huber's square and straight parts.
        measure: when the training figures are taken: running (over the minibatches as they are trained
            on, as the book's train_epoch_ch3) or after (over all rows when the epoch has ended, as D2L
            3.2); running for classes, after for a regression.
        validation: the share of the training rows, stratified by class, that is kept from training and
            measured after every epoch; none by default.
        patience: stop after so many epochs without a better validation loss and keep the best weights; a
            tenth of the rows is kept for it unless `validation` says otherwise.
        drop_last: leave out the last minibatch of an epoch when it is short.
        dtype: float32 or float64.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: CPU threads: auto or a number.

    Raises:
        UsageError: a value that cannot be.
    """

    loss: str | None = None
    huber: float = 1.0
    measure: str | None = None
    validation: float | None = None
    patience: int | None = None
    drop_last: bool = False
    dtype: str = "float32"
    device: str = "auto"
    threads: int | str = "auto"

    def resolved(
        self, is_classification: bool, is_counts: bool = False, table_rows: int | None = None
    ) -> FitRequest:
        """The recipe with the usual values of the task in place of None: the book's, but for tables.

        Args:
            is_classification: whether the targets are classes.
            is_counts: whether they are counts, which have the Poisson loss.
            table_rows: the training rows, where they are of a table.
        """
        book: dict[str, Any] = dict(SOFTMAX_BOOK if is_classification else LINEAR_BOOK)
        book |= {"loss": "poisson"} if is_counts else {}
        if table_rows is not None:
            book |= {"batch_size": TABLE_BATCH} if is_classification else {}
            steps = -(-table_rows // (self.batch_size or book["batch_size"]))
            book["epochs"] = max(book["epochs"], min(TABLE_EPOCHS, -(-TABLE_STEPS // max(1, steps))))
        names = [field.name for field in dataclasses.fields(Recipe)]
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.patience is not None:
            given.setdefault("validation", STOPPING_SHARE)
        return FitRequest(**{**book, **given})

    @classmethod
    def of(cls, request: FitRequest, **changes: Any) -> Recipe:
        """The recipe of a request, with other values of some options."""
        return cls(**{**as_dict(request), **changes})

    def hyperparameters(self, lr: float) -> Hyperparameters:
        """The settings of the one model, at a rate."""
        return Hyperparameters(**{name: getattr(self, name) for name in HYPERPARAMETERS}, lr=lr)


@dataclass(frozen=True, kw_only=True)
class Job(Recipe, TableChoices):
    """The whole of `linnet train`: a recipe, its data, and where the run goes.

    Args:
        data: auto (Fashion-MNIST where it is or can be had, else digits), or a name that linnet data list
            shows. A data set asked for by name is never replaced. Or a path of your own data: a CSV or .npz
            file, a zip of pictures, or a folder of pictures or of IDX files.
        data_dir: the folder with the data set's files.
        sample_weight: a column of the table with the rows' weights, or a file with a weight for each training
            row: .npy, or text with a number a line.
        out: the run's folder; runs/DATASET-TIME when not given.
        checkpoint_epochs: epochs between checkpoints, from which --resume goes on, also after a kill.
        checkpoint_minutes: or minutes, whichever pass first.
        report: leave report.html in the run's folder: figures, pictures and how to do it again.
    """

    data: str = "auto"
    data_dir: Path | None = None
    sample_weight: str | None = None
    out: Path | None = None
    checkpoint_epochs: int | None = None
    checkpoint_minutes: float = 1.0
    report: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        TableChoices.__post_init__(self)

    @property
    def recipe(self) -> Recipe:
        """The recipe alone."""
        names = [field.name for field in dataclasses.fields(Recipe)]
        return Recipe(**{name: getattr(self, name) for name in names})


def job_from(values: dict[str, Any], source: str = "config") -> Job:
    """A job from plain values.

    Raises:
        UsageError: an unknown key, or a value of the wrong type; the message names `source`.
    """
    values = {"data" if key == "dataset" else key: value for key, value in values.items()}
    known = {field.name: field for field in dataclasses.fields(Job)}
    if unknown := sorted(set(values) - set(known)):
        raise UsageError(f"{source}: unknown key {', '.join(unknown)}: the keys are {', '.join(known)}")
    paths = ("data_dir", "out")
    try:
        fixed: dict[str, Any] = {key: Path(v) if key in paths else v for key, v in values.items()}
        return Job(**fixed)
    except TypeError as error:
        raise UsageError(f"{source}: {error}") from error


def read(path: Path) -> dict[str, Any]:
    """The keys of a TOML or JSON file; of a run's run.json those of its training and of its data.

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is not what its suffix says, or the run.json of no training.
        ChecksumError: it is a run.json that was changed.
    """
    if not path.is_file():
        raise DataNotFoundError(f"no config file at {path}")
    if path.name == folders.RUN:
        return _options_of_run(path)
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise FormatError(
            f"{path} is not valid {path.suffix.lstrip('.').upper() or 'TOML'}: {error}"
        ) from error
    if not isinstance(values, dict):
        raise FormatError(f"{path} must hold a table of keys, not {type(values).__name__}")
    return values


def _options_of_run(path: Path) -> dict[str, Any]:
    """The options of the training that a run.json is of, its data's among them."""
    summary = folders.read(path.parent).values
    request, origin = read_request(summary, path), summary.get("origin")
    if not isinstance(request, FitRequest):
        verb = "solve" if request is None else request.verb
        raise FormatError(f"{path} is of linnet {verb}, which has no options of a training")
    return {**_options_of_data(origin, summary["dataset"], path), **as_dict(request)}


def _options_of_data(origin: Any, name: str, path: Path) -> dict[str, Any]:
    """The options that say which data they are, by the origin that a run.json keeps or else by their name."""
    if not isinstance(origin, dict | None):
        raise FormatError(f"{path}: the origin of the data is damaged: it is {origin!r}")
    known = origin or {}
    options = {"data": known.get("source", name)}
    options |= {name: known[name] for name in ("data_dir", "sample_weight") if known.get(name)}
    if wrong := [name for name, value in options.items() if not isinstance(value, str)]:
        raise FormatError(f"{path}: the origin of the data is damaged: {wrong[0]} is {options[wrong[0]]!r}")
    table = known.get("table", {})
    if not isinstance(table, dict):
        raise FormatError(f"{path}: the origin of the data is damaged: table is {table!r}")
    return {**options, **table}


def to_toml(config: Recipe) -> str:
    """The fields that are set as TOML, which `read` takes back."""
    return tomli_w.dumps(as_dict(config))
