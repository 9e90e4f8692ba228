"""Requests: what a training, a solve, a sweep or a tune was asked for, frozen, as its folder keeps it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from linnet.config.hyperparameters import HYPERPARAMETERS, Common, Hyperparameters, check_folds, plain_number
from linnet.config.ranges import LogUniform, Range, Uniform, list_values
from linnet.errors import FormatError, UsageError

RANGES: dict[str, type[Range]] = {"log_uniform": LogUniform, "uniform": Uniform}


@dataclass(frozen=True, kw_only=True)
class FitRequest(Common):
    """A `Recipe` with nothing left open; its fields mean the same."""

    verb: ClassVar = "fit"

    epochs: int
    batch_size: int
    lr: float
    loss: str
    measure: str
    huber: float = 1.0
    validation: float | None = None
    patience: int | None = None
    drop_last: bool = False
    dtype: str = "float32"
    device: str = "auto"
    threads: int | str = "auto"

    @property
    def hyperparameters(self) -> Hyperparameters:
        """The settings of the one model."""
        return Hyperparameters(**{name: getattr(self, name) for name in HYPERPARAMETERS}, lr=self.lr)


@dataclass(frozen=True, kw_only=True)
class SolveRequest:
    """The options of `linnet.solve` and of the summary and the path of `linnet solve`.

    Args:
        loss: softmax, logistic, squared, huber, absolute or poisson.
        huber: Huber's threshold.
        l2: the weight of ½‖W‖².
        l1: the weight of ‖W‖₁; with a path the one that was chosen, as l2 with a path of L2 penalties.
        solver: the name of one, or "auto"; None where it, or the loss, is an object that no file can name.
        tol: of an iterative solver, as a share of the objective.
        max_iter: iterations at most.
        intercept: whether there is a bias.
        dtype: of the products on the way.
        class_weight: none, balanced, or a weight a class such as 1:1:2, as in training.
        standardize: whether columns are of mean 0 and deviation 1, so that penalties are on these.
        path: how many penalties to choose from, on training rows held out.
        path_penalty: which these are: l1 or l2.
        folds: of a cross-validation that takes the largest penalty within a standard error of the best.
        summary: whether standard errors, intervals and tests are wanted.
        covariance: how the summary gets them; see `linnet.infer`.
        level: of the intervals.
        weight_kind: what the summary takes weights for.
        seed: of the rows that a path holds out, and of a bootstrap.
    """

    verb: ClassVar = "solve"

    loss: str
    huber: float = 1.0
    l2: float = 0.0
    l1: float = 0.0
    solver: str | None = "auto"
    tol: float | None = None
    max_iter: int | None = None
    intercept: bool = True
    dtype: str = "float64"
    class_weight: str = "none"
    standardize: bool = False
    path: int | None = None
    path_penalty: str = "l1"
    folds: int | None = None
    summary: bool = False
    covariance: str | None = None
    level: float = 0.95
    weight_kind: str | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        if self.summary and (self.l1 or self.path):
            why = "a summary needs a model without an L1 penalty, which chooses weights by the data"
            raise UsageError(f"{why}: leave out l1 and path")
        if not self.summary and (self.covariance or self.weight_kind or self.level != 0.95):
            raise UsageError("covariance, level and weight_kind are of a summary (--summary)")
        if self.path_penalty not in ("l1", "l2"):
            raise UsageError(f"path_penalty must be l1 or l2, not {self.path_penalty!r}")
        check_folds(self.folds)
        if self.path is None and (self.folds is not None or self.path_penalty != "l1"):
            alone = "path_penalty" if self.folds is None else "folds"
            raise UsageError(f"{alone} without a path: say how many penalties it has, as --path 30")
        Hyperparameters(l2=self.l2, l1=self.l1, class_weight=self.class_weight)  # refuses what cannot be
        if self.huber != 1.0 and self.loss != "huber":
            raise UsageError("huber is the threshold of the loss huber: give --loss huber")

    @property
    def inference(self) -> dict[str, Any]:
        """The options of the summary, as `linnet.infer` takes them."""
        return {name: getattr(self, name) for name in ("covariance", "level", "weight_kind", "seed")}


@dataclass(frozen=True, kw_only=True)
class SearchRecipe:
    """How the models of a search are trained and judged.

    Args:
        folds: cross-validation with so many folds, instead of one share of rows held out.
        bags: bootstraps: train each setting on so many, judged by the rows that are out of each; the ensemble
            of the best setting's models is scored too.
        validation: the share of rows held out when there are neither folds nor bags.
        metric: choose by accuracy or loss; by accuracy for classes when not given.
        epochs: passes over the rows; as of a training when not given.
        loss: softmax, logistic (each class against the rest), squared, absolute, huber or poisson (counts).
        huber: Huber's threshold.
        patience: stop a model after so many epochs without a better validation loss; its best weights count.
        halving: epochs after which the worse half of the settings is dropped: 2,4.
        seed: of the order of the rows, the folds, random draws, and the first start.
        dtype: float32 or float64.
        device: auto, cpu, cuda or mps.
        threads: auto or a number.
        parallel: what several processes share: rows of each minibatch, models, or auto, by timing both.
    """

    folds: int | None = None
    bags: int | None = None
    validation: float = 0.1
    metric: str | None = None
    epochs: int | None = None
    loss: str | None = None
    huber: float = 1.0
    patience: int | None = None
    halving: tuple[int, ...] = ()
    seed: int = 1
    dtype: str = "float32"
    device: str = "auto"
    threads: int | str = "auto"
    parallel: str = "auto"


@dataclass(frozen=True, kw_only=True)
class SweepRequest(SearchRecipe):
    """What a sweep trains; see `SearchRecipe` for how.

    Args:
        grid: name of a hyperparameter (see `linnet.config.Hyperparameters`) to its values or, with `random`,
            its range.
        settings: the settings themselves, in place of a grid.
        random: draw this many settings from the grid's values and ranges.
        batch_size: rows a minibatch; as of a training when not given.
    """

    verb: ClassVar = "sweep"

    grid: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[Hyperparameters, ...] | None = None
    random: int | None = None
    batch_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class TuneRequest:
    """What a tune searches.

    Args:
        space: name of a hyperparameter (see `linnet.config.Hyperparameters`) to a range, several values, or
            one.
        trials: settings to try.
        batch: of which so many are trained at once.
        study: its name; the data set's when None.
        sampler: "tpe"; None where one was given as an object, which no file can name.
        sweep: how each batch is trained and judged.
    """

    verb: ClassVar = "tune"

    space: Mapping[str, Any]
    trials: int = 100
    batch: int = 20
    study: str | None = None
    sampler: str | None = "tpe"
    sweep: SweepRequest = SweepRequest()


Request = FitRequest | SolveRequest | SweepRequest | TuneRequest


def as_dict(options: Any) -> dict[str, Any]:
    """The fields of a request or a recipe as plain JSON and TOML values, without those that are left None."""
    values = ((one.name, getattr(options, one.name), one.default) for one in dataclasses.fields(options))
    return {
        name: _plain(value, name)
        for name, value, default in values
        if value is not None or default is not None
    }


def to_json(request: Request) -> dict[str, Any]:
    """A request as a folder keeps it: its verb and its options."""
    return {"verb": request.verb, **as_dict(request)}


def from_json(values: Mapping[str, Any]) -> Request:
    """The inverse of `to_json`.

    Raises:
        FormatError: these are no options of a request.
    """
    kinds = {kind.verb: kind for kind in (FitRequest, SolveRequest, SweepRequest, TuneRequest)}
    try:
        options = dict(values)
        kind = kinds[options.pop("verb")]
        return kind(**{name: _given(name, value) for name, value in options.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"the request of this folder cannot be read: {error!r}") from error


def read_request(summary: Mapping[str, Any], path: Path) -> Request | None:
    """The request that a folder's summary keeps; None where it was made with objects that no file can name.

    Args:
        summary: the values of the folder's JSON file.
        path: of that file.

    Raises:
        FormatError: it keeps none, as those of earlier versions, or it is damaged.
    """
    if "request" not in summary:
        raise FormatError(
            f"{path} is of an earlier linnet, which kept its options otherwise: "
            "make the folder again with the same options"
        )
    values = summary["request"]
    return None if values is None else from_json(values)


def read_model_request(summary: Mapping[str, Any], path: Path) -> FitRequest | SolveRequest | None:
    """The request of one model, as `read_request`.

    Raises:
        FormatError: it is of several models, or there is none to read.
    """
    request = read_request(summary, path)
    if isinstance(request, SweepRequest | TuneRequest):
        raise FormatError(f"{path}: a run's request is to fit or to solve, not to {request.verb}")
    return request


def _plain(value: Any, name: str) -> Any:
    """An option as JSON has it; values of a grid or a space are lists, a range is an object."""
    if isinstance(value, SweepRequest):
        return to_json(value)
    if isinstance(value, Path):
        return str(value)
    if name in ("grid", "space"):
        return {name: _range_or_list(name, several) for name, several in value.items()}
    if name == "settings":
        return [dataclasses.asdict(hyperparameters) for hyperparameters in value]
    return _list_or_number(value)


def _range_or_list(name: str, value: Any) -> Any:
    for kind, of in RANGES.items():
        if isinstance(value, of):
            return {kind: [value.low, value.high]}
    return [plain_number(one) for one in list_values(name, value)]


def _list_or_number(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_list_or_number(one) for one in value]
    return plain_number(value)


def _given(name: str, value: Any) -> Any:
    """The inverse of `_plain`."""
    if name == "sweep":
        return from_json(value)
    if name in ("grid", "space"):
        return {name: _range(several) for name, several in value.items()}
    if name == "settings":
        return tuple(Hyperparameters(**hyperparameters) for hyperparameters in value)
    return tuple(value) if name == "halving" else value


def _range(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, ends),) = value.items()
    return RANGES[kind](*ends)
