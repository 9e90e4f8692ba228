"""What may differ between models that are trained together."""

from __future__ import annotations

import dataclasses
import math
import numbers
from dataclasses import dataclass

from linnet.config.augmentation import Augmentation
from linnet.errors import UsageError

OPTIMIZERS = ("sgd", "momentum", "nesterov", "adam")
SCHEDULES = ("constant", "step", "cosine", "linear", "onecycle")
UNWEIGHTED, BALANCED = "none", "balanced"

OTHER_NAMES = {
    "adamw": "optimizer='adam' with weight_decay",
    "asgd": "optimizer='sgd' with average",
}
"""What people call an optimizer that is a combination of knobs here."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """What the settings of a model and a recipe have in common.

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
    accumulate: int = 1
    std: float = 0.01
    seed: int = 1

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # numbers of numpy become Python's
            object.__setattr__(self, field.name, _plain(getattr(self, field.name)))
        for name in ("l2", "l1", "weight_decay", "std", "clip"):
            check_amount(name, getattr(self, name))
        for name in ("momentum", "warmup", "label_smoothing", "dropout"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 <= value < 1):
                raise UsageError(f"{name} must lie in [0, 1), not {value!r}")
        if not (_is_number(self.average) and 0 <= self.average <= 1):
            raise UsageError(f"average is a share of the run in [0, 1], not {self.average!r}")
        for name in ("pool", "accumulate"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} must be a whole number of at least 1, not {value!r}")
        for name, choices in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            value = getattr(self, name)
            if value in OTHER_NAMES:
                raise UsageError(f"{value} is {OTHER_NAMES[value]}")
            if value not in choices:
                raise UsageError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise UsageError(f"seed must be a whole number of at least 0, not {self.seed!r}")
        if not isinstance(self.standardize, bool):
            raise UsageError(f"standardize must be true or false, not {self.standardize!r}")
        if not isinstance(self.augment, str):
            raise UsageError(f"augment is a text such as none or shift:2+flip, not {self.augment!r}")
        # What is written in two ways compares alike afterwards.
        object.__setattr__(self, "class_weight", _class_weight(self.class_weight))
        object.__setattr__(self, "augment", str(Augmentation.parse(self.augment)))


@dataclass(frozen=True, kw_only=True)
class Knobs(Common):
    """The settings of one model, of which a sweep has many; see `Common` for those not listed here.

    Args:
        lr: the base learning rate η.

    Raises:
        UsageError: a value that cannot be.
    """

    lr: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount("lr", self.lr)

    @property
    def is_plain(self) -> bool:
        """Whether it is SGD at one rate, with nothing else."""
        plain = Knobs(lr=self.lr, momentum=self.momentum, std=self.std, seed=self.seed)
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


KNOBS_HELP = f"""The settings of a model.

    Args:
        lr: the base learning rate η.
{(Common.__doc__ or "").partition("Args:" + chr(10))[2]}"""
"""What the command line says of each."""

KNOBS = tuple(field.name for field in dataclasses.fields(Common))
"""What a recipe and the knobs have in common: all but the rate, which a recipe may leave open."""


def check_amount(name: str, value: float | None) -> None:
    """Refuse what is no finite number of at least 0; None is none.

    Raises:
        UsageError: naming it.
    """
    if value is not None and not (_is_number(value) and math.isfinite(value) and value >= 0):
        raise UsageError(f"{name} must be a finite number of at least 0, not {value!r}")


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
