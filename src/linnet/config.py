"""What a run was asked to do: frozen dataclasses, to and from TOML and JSON, without torch.

`Recipe` is how to train; `Job` is the whole of `linnet train`: data, recipe, and where to leave the run.
A field that is None takes the book's value for the task at hand, which `Recipe.resolved` fills in.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from linnet.errors import DataNotFoundError, FormatError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOFTMAX_BOOK = {"epochs": 10, "batch_size": 256, "lr": 0.1, "loss": "softmax", "measure": "running"}
"""D2L 3.6 and 3.7: softmax regression on Fashion-MNIST."""

LINEAR_BOOK = {"epochs": 3, "batch_size": 10, "lr": 0.03, "loss": "squared", "measure": "after"}
"""D2L 3.2: linear regression on synthetic data."""

CHOICES = {
    "loss": ("softmax", "logistic", "squared", "absolute", "huber"),
    "measure": ("running", "after"),
    "dtype": ("float32", "float64"),
}
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam")
SCHEDULES = ("constant", "step", "cosine", "linear", "onecycle")


@dataclass(frozen=True, kw_only=True)
class Knobs:
    """What may differ between the models of a sweep.

    Args:
        lr: the base learning rate η.
        optimizer: sgd, momentum, nesterov or adam.
        momentum: μ; Adam's β1.
        l2: the weight of ½‖W‖² in the objective; the bias is never penalised.
        l1: the weight of ‖W‖₁, by a proximal step that gives exact zeros.
        weight_decay: decoupled from the gradient, as in AdamW.
        clip: the largest norm of a model's gradient; None without a bound.
        schedule: constant, step, cosine, linear or onecycle.
        warmup: the share of the run in which the rate first rises.
        std: standard deviation σ of the initial weights.
        seed: of the initial weights.

    Raises:
        UsageError: a value that cannot be.
    """

    lr: float = 0.1
    optimizer: str = "sgd"
    momentum: float = 0.9
    l2: float = 0.0
    l1: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    schedule: str = "constant"
    warmup: float = 0.0
    std: float = 0.01
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("lr", "l2", "l1", "weight_decay", "std", "clip"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} must be a finite number of at least 0, not {value!r}")
        for name in ("momentum", "warmup"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise UsageError(f"{name} must lie in [0, 1), not {value!r}")
        for name, choices in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        if self.seed < 0:
            raise UsageError(f"seed must be 0 or more, not {self.seed}")

    @property
    def is_plain(self) -> bool:
        """Whether it is SGD at one rate, with nothing else."""
        plain = Knobs(lr=self.lr, momentum=self.momentum, std=self.std, seed=self.seed)
        return self == plain


KNOBS = tuple(field.name for field in dataclasses.fields(Knobs) if field.name != "lr")
"""What a recipe and the knobs have in common, apart from the rate, which a recipe may leave open."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    Args:
        epochs: passes over the training rows; 10 for classes, 3 for a regression.
        batch_size: rows a minibatch, B; 256 for classes, 10 for a regression.
        lr: learning rate on the mean loss of a minibatch; 0.1 for classes, 0.03 for a regression.
        optimizer: sgd, momentum, nesterov or adam.
        momentum: μ of momentum and nesterov; Adam's first decay.
        l2: the weight of ½‖W‖² in the objective; the bias is never penalised.
        l1: the weight of ‖W‖₁ in the objective, by a proximal step that gives exact zeros.
        weight_decay: decay of the weights apart from the gradient, as in AdamW.
        clip: the largest norm of a minibatch's gradient; no bound when not given.
        schedule: how the rate changes from step to step: constant, step, cosine, linear or onecycle.
        warmup: the share of the run in which the rate first rises.
        std: standard deviation σ of the initial weights, drawn from N(0, σ²); biases start at zero.
        loss: softmax, squared, absolute or huber; softmax for classes, squared for a regression.
        huber: the threshold between Huber's square and straight parts.
        measure: when the training figures are taken: running (over the minibatches as they are trained
            on, as the book's train_epoch_ch3) or after (over all rows when the epoch has ended, as D2L
            3.2); running for classes, after for a regression.
        validation: the share of the training rows, stratified by class, that is kept from training and
            measured after every epoch; none by default.
        patience: stop after so many epochs without a better validation loss and keep the best weights; a
            tenth of the rows is kept for it unless `validation` says otherwise.
        drop_last: leave out the last minibatch of an epoch when it is short.
        seed: of every random number in the run.
        dtype: float32 or float64.
        device: auto, cpu, cuda, cuda:N or mps.
        threads: CPU threads: auto or a number.
    """

    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    optimizer: str = "sgd"
    momentum: float = 0.9
    l2: float = 0.0
    l1: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    schedule: str = "constant"
    warmup: float = 0.0
    std: float = 0.01
    loss: str | None = None
    huber: float = 1.0
    measure: str | None = None
    validation: float | None = None
    patience: int | None = None
    drop_last: bool = False
    seed: int = 1
    dtype: str = "float32"
    device: str = "auto"
    threads: int | str = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise UsageError(f"{name} must be a whole number of at least 1, not {value!r}")
        if not (math.isfinite(self.huber) and self.huber >= 0):
            raise UsageError(f"huber must be a finite number of at least 0, not {self.huber!r}")
        self.knobs(self.lr or 0.0)
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"patience must be at least 1, not {self.patience}")
        if self.validation is not None and not 0 < self.validation < 1:
            raise UsageError(f"validation is a share of the rows between 0 and 1, not {self.validation}")
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in choices:
                raise UsageError(f"{name} must be one of {', '.join(choices)}, not {value!r}")

    def resolved(self, is_classification: bool) -> ResolvedRecipe:
        """The recipe with the book's values of the task in place of None."""
        book = SOFTMAX_BOOK if is_classification else LINEAR_BOOK
        asked = {key: value for key, value in dataclasses.asdict(self).items() if value is not None}
        if self.patience is not None:
            asked.setdefault("validation", 0.1)
        return ResolvedRecipe(**{**book, **asked})

    def knobs(self, lr: float) -> Knobs:
        """The settings of the one model.

        Raises:
            UsageError: a value that cannot be.
        """
        return Knobs(**{name: getattr(self, name) for name in KNOBS}, lr=lr)


@dataclass(frozen=True, kw_only=True)
class ResolvedRecipe:
    """A `Recipe` with nothing left open; its fields mean the same."""

    epochs: int
    batch_size: int
    lr: float
    std: float
    loss: str
    huber: float
    optimizer: str = "sgd"
    momentum: float = 0.9
    l2: float = 0.0
    l1: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    schedule: str = "constant"
    warmup: float = 0.0
    validation: float | None = None
    patience: int | None = None
    measure: str
    seed: int
    dtype: str
    device: str
    threads: int | str
    drop_last: bool = False

    @property
    def knobs(self) -> Knobs:
        """The settings of the one model."""
        return Knobs(**{name: getattr(self, name) for name in KNOBS}, lr=self.lr)


@dataclass(frozen=True, kw_only=True)
class Job(Recipe):
    """The whole of `linnet train`: a recipe, its data, and where the run goes.

    Args:
        dataset: auto (Fashion-MNIST where it is or can be had, else digits), fashion_mnist, mnist, digits
            or synthetic. A data set asked for by name is never replaced.
        data_dir: the folder with the data set's files.
        out: the run's folder; runs/DATASET-TIME when not given.
        checkpoint_epochs: epochs between checkpoints, from which --resume goes on, also after a kill.
        checkpoint_minutes: or minutes, whichever pass first.
    """

    dataset: str = "auto"
    data_dir: Path | None = None
    out: Path | None = None
    checkpoint_epochs: int | None = None
    checkpoint_minutes: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.checkpoint_epochs is not None and self.checkpoint_epochs < 1:
            raise UsageError(f"checkpoint_epochs must be at least 1, not {self.checkpoint_epochs}")
        if not self.checkpoint_minutes >= 0:
            raise UsageError(f"checkpoint_minutes must be 0 or more, not {self.checkpoint_minutes}")

    @property
    def recipe(self) -> Recipe:
        """The recipe alone."""
        names = [field.name for field in dataclasses.fields(Recipe)]
        return Recipe(**{name: getattr(self, name) for name in names})


def as_dict(config: Recipe | ResolvedRecipe) -> dict[str, Any]:
    """The fields that are set, as plain JSON and TOML values."""
    values = dataclasses.asdict(config).items()
    return {
        key: str(value) if isinstance(value, Path) else value for key, value in values if value is not None
    }


def job_from(values: dict[str, Any], source: str = "config") -> Job:
    """A job from plain values.

    Raises:
        UsageError: an unknown key, or a value of the wrong type; the message names `source`.
    """
    known = {field.name: field for field in dataclasses.fields(Job)}
    if unknown := sorted(set(values) - set(known)):
        raise UsageError(f"{source}: unknown key {', '.join(unknown)}: the keys are {', '.join(known)}")
    fixed: dict[str, Any] = {key: Path(v) if key in ("data_dir", "out") else v for key, v in values.items()}
    try:
        return Job(**fixed)
    except TypeError as error:
        raise UsageError(f"{source}: {error}") from error


def read(path: Path) -> dict[str, Any]:
    """The keys of a TOML or JSON file (a run's run.json counts: its "asked" is taken).

    Raises:
        DataNotFoundError: no such file.
        FormatError: it is not what its suffix says.
    """
    if not path.is_file():
        raise DataNotFoundError(f"no config file at {path}")
    text = path.read_text(encoding="utf-8")
    try:
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise FormatError(
            f"{path} is not valid {path.suffix.lstrip('.').upper() or 'TOML'}: {error}"
        ) from error
    if not isinstance(values, dict):
        raise FormatError(f"{path} must hold a table of keys, not {type(values).__name__}")
    return values.get("asked", values)


def to_toml(config: Recipe | ResolvedRecipe) -> str:
    """The fields that are set as TOML, which `read` takes back."""
    return tomli_w.dumps(as_dict(config))
