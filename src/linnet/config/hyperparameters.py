"""Hyperparameters of a model and the bounds of every option: frozen dataclasses that check themselves."""

from __future__ import annotations

import dataclasses
import math
import numbers
from dataclasses import dataclass

from linnet.config.augmentation import Augmentation
from linnet.config.losses import LOSSES
from linnet.errors import UsageError

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam")
SCHEDULES = ("constant", "step", "cosine", "linear", "onecycle")
UNWEIGHTED, BALANCED = "none", "balanced"

OTHER_NAMES = {
    "adamw": "optimizer='adam' with weight_decay",
    "asgd": "optimizer='sgd' with average",
}
"""Names of optimizers elsewhere that are a combination of hyperparameters here."""


@dataclass(frozen=True)
class Bounds:
    """The numbers that an option takes.

    Args:
        low: the least of them.
        high: where they end.
        brackets: whether the ends belong to them, as intervals are written.
        is_whole: whether they are whole numbers.
    """

    low: float = 0
    high: float = math.inf
    brackets: str = "[)"
    is_whole: bool = False

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.is_whole else int | float):
            return False
        at_end = (value == self.low and self.brackets[0] == "[") or (
            value == self.high and self.brackets[1] == "]"
        )
        return self.low < value < self.high or at_end

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"be a {'whole' if self.is_whole else 'finite'} number of at least {self.low}"
        return f"lie in {self.brackets[0]}{self.low}, {self.high}{self.brackets[1]}"


AMOUNT, SHARE, COUNT = Bounds(), Bounds(high=1), Bounds(1, is_whole=True)

BOUNDS: dict[str, Bounds] = {
    **dict.fromkeys(("lr", "l2", "l1", "weight_decay", "std", "clip", "huber", "checkpoint_minutes"), AMOUNT),
    **dict.fromkeys(("momentum", "warmup", "label_smoothing", "dropout"), SHARE),
    **dict.fromkeys(("pool", "accumulate", "epochs", "batch_size", "patience", "checkpoint_epochs"), COUNT),
    "average": Bounds(high=1, brackets="[]"),
    "validation": Bounds(high=1, brackets="()"),
    "seed": Bounds(is_whole=True),
}

CHOICES = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": tuple(LOSSES),
    "measure": ("running", "after"),
    "dtype": ("float32", "float64"),
}


def check_option(name: str, value: object) -> None:
    """Refuse a value that an option does not take.

    Raises:
        UsageError: naming it.
    """
    if name in BOUNDS and value not in BOUNDS[name]:
        raise UsageError(f"{name} must {BOUNDS[name]}, not {value!r}")
    if name in CHOICES and value not in CHOICES[name]:
        if str(value) in OTHER_NAMES:
            raise UsageError(f"{value} is {OTHER_NAMES[str(value)]}")
        raise UsageError(f"{name} must be one of {', '.join(CHOICES[name])}, not {value!r}")


@dataclass(frozen=True, kw_only=True)
class Common:
    """The fields that a recipe and the hyperparameters of a model share.

    Args:
        optimizer: sgd, momentum, nesterov or adam.
        momentum: μ of momentum and nesterov; Adam's first decay.
        average: the share of the run, at its end, over which the weights are averaged (averaged SGD,
            Polyak and Juditsky 1992); 0 takes the last weights.
        l2: the weight of ½‖W‖² in the objective; the bias is never penalised.
        l1: the weight of ‖W‖₁ in the objective, by a proximal step that gives exact zeros.
        weight_decay: decay of the weights apart from the gradient, as in AdamW.
        clip: the largest norm of a minibatch's gradient; no bound when not given.
        schedule: how the rate changes from step to step: constant, step, cosine, linear or onecycle.
        warmup: the share of the run in which the rate first rises.
        label_smoothing: the share of each label that is spread evenly over the classes.
        class_weight: none, balanced (each class counts alike, however many rows it has), or a weight a
            class with colons between them: 1:1:2.
        dropout: the share of the features that is left out at random of each row at each step.
        augment: how images are changed at random before each step: none, or some of shift, flip, rotate,
            scale, cutout, noise with plus signs between them, each with its strength where the usual
            one will not do: shift:2+rotate:10.
        pool: the side of the blocks of pixels whose mean is a feature; 1 takes each pixel.
        standardize: bring each feature to mean 0 and standard deviation 1 over the training rows.
        raw_columns: step on the columns of a table as they stand, as the book does, and not on scaled ones.
        accumulate: minibatches whose gradients are taken together for one step.
        std: standard deviation σ of the initial weights, drawn from N(0, σ²); biases start at zero.
        seed: of every random number.
    """

    optimizer: str = "sgd"
    momentum: float = 0.9
    average: float = 0.0
    l2: float = 0.0
    l1: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    schedule: str = "constant"
    warmup: float = 0.0
    label_smoothing: float = 0.0
    class_weight: str = UNWEIGHTED
    dropout: float = 0.0
    augment: str = "none"
    pool: int = 1
    standardize: bool = False
    raw_columns: bool = False
    accumulate: int = 1
    std: float = 0.01
    seed: int = 1

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = plain_number(getattr(self, field.name))  # numbers of numpy become Python's
            object.__setattr__(self, field.name, value)
            if value is not None or field.default is not None:
                check_option(field.name, value)
        for name in ("standardize", "raw_columns"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} must be true or false, not {getattr(self, name)!r}")
        if not isinstance(self.augment, str):
            raise UsageError(f"augment is a text such as none or shift:2+flip, not {self.augment!r}")
        # What is written in two ways compares alike afterwards.
        object.__setattr__(self, "class_weight", _class_weight(self.class_weight))
        object.__setattr__(self, "augment", str(Augmentation.parse(self.augment)))


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(Common):
    """The settings of one model, of which a sweep has many; see `Common` for those not listed here.

    Args:
        lr: the base learning rate η.

    Raises:
        UsageError: a value that cannot be.
    """

    lr: float = 0.1

    @property
    def is_plain(self) -> bool:
        """Whether it is SGD at one rate, with nothing else."""
        free = ("lr", "momentum", "std", "seed", "raw_columns")
        plain = Hyperparameters(**{name: getattr(self, name) for name in free})
        return self == plain

    def weights_of_classes(self, counts: list[float]) -> list[float] | None:
        """How much each class counts; None where all count alike.

        Args:
            counts: the weight of the training rows of each class, (K,).

        Raises:
            UsageError: as many weights as classes are needed.
        """
        if self.class_weight == UNWEIGHTED:
            return None
        if self.class_weight == BALANCED:
            total = sum(counts)
            return [total / (len(counts) * count) if count else 0.0 for count in counts]
        given = [float(part) for part in self.class_weight.split(":")]
        if len(given) != len(counts):
            raise UsageError(f"class_weight has {len(given)} weights for {len(counts)} classes")
        return given


def check_folds(folds: int | None) -> None:
    """Refuse a cross-validation of fewer than two folds.

    Raises:
        UsageError: naming them.
    """
    if folds is not None and folds < 2:
        raise UsageError(f"folds must be at least 2, not {folds}")


HYPERPARAMETERS_HELP = f"""The settings of a model.

    Args:
        lr: the base learning rate η.
{(Common.__doc__ or "").partition("Args:" + chr(10))[2]}"""
"""The help of the command line."""

HYPERPARAMETERS = tuple(field.name for field in dataclasses.fields(Common))
"""The fields that a recipe and the hyperparameters share: all but the rate, which a recipe may leave open."""


def plain_number(value: object) -> object:
    """A value of numpy's as Python's own; anything else as it is."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def _class_weight(value: object) -> str:
    """A class weight in its one way of being written; numbers may come as a sequence."""
    if value is None:
        return UNWEIGHTED
    if isinstance(value, str):
        if value in (UNWEIGHTED, BALANCED):
            return value
        parts: list[object] = list(value.split(":"))
    else:
        parts = list(value) if isinstance(value, list | tuple) else [value]
    try:
        numbers = [float(part) for part in parts]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        numbers = [math.nan]
    if len(numbers) < 2 or not all(math.isfinite(n) and n >= 0 for n in numbers) or not any(numbers):
        raise UsageError(f"class_weight is none, balanced, or a number a class such as 1:1:2, not {value!r}")
    return ":".join(f"{number:g}" if float(f"{number:g}") == number else repr(number) for number in numbers)
