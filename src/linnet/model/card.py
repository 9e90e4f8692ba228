"""`Card`: what a model must be told apart from its parameters. It is read without torch."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from linnet.config.losses import LOSSES, Kind, Link
from linnet.core.calibration import Calibration
from linnet.core.conformal import PredictionRules
from linnet.data.pictures.shape import ImageShape
from linnet.errors import ShapeError, UsageError
from linnet.schema.schema import Schema

if TYPE_CHECKING:
    from linnet.core.losses import Loss
    from linnet.data.dataset import Dataset

NUMBERED = re.compile(r"x\d+|column \d+")
"""The names that columns without one get by their place."""

SHOWN = 20
"""Names of columns in a message."""


@dataclass(frozen=True)
class Card:
    """What a model must be told apart from its parameters, to predict and to name what it predicts.

    Args:
        dataset: the name of what it was trained on.
        classes: their names; empty for a regression.
        image_shape: (height, width) of a row, when it is an image; (height, width, 3) of one in colour.
        scale: of the features.
        loss: the name of the loss.
        huber: Huber's threshold.
        calibration: of its probabilities; None where they are as trained.
        slope: Huber's beyond the threshold; None where it is the threshold, as PyTorch has it.
        columns: the names of the features; empty where they have none.
        target: the name of what is predicted; empty where it has none.
        schema: what the columns of the table mean that it was trained on; None where there was none.
        rules: prediction sets, intervals and abstention for rows that it answers; None where none were kept.
    """

    dataset: str
    classes: tuple[str, ...]
    image_shape: ImageShape | None
    scale: float
    loss: str
    huber: float = 1.0
    calibration: Calibration | None = None
    slope: float | None = None
    columns: tuple[str, ...] = ()
    target: str = ""
    schema: Schema | None = None
    rules: PredictionRules | None = None

    @property
    def kind(self) -> Kind:
        """How scores become an answer."""
        if not self.classes:
            return "regression"
        kind = LOSSES[self.loss].kind if self.loss in LOSSES else "softmax"
        return "softmax" if kind == "regression" else kind  # a loss of numbers takes classes as 0 and 1

    @property
    def link(self) -> Link:
        """What of the mean the scores of a regression are."""
        return LOSSES[self.loss].link if self.loss in LOSSES else "identity"

    def output_names(self, outputs: int) -> tuple[str, ...]:
        """What to call the K outputs: the classes, the target of a regression, or y0, y1, … of several."""
        if self.classes:
            return self.classes
        return (self.target or "y",) if outputs == 1 else tuple(f"y{number}" for number in range(outputs))

    def calibrated(self, calibration: Calibration | None) -> Card:
        """The card with another calibration; rules go, as they were learnt on other probabilities.

        Raises:
            ShapeError: the calibration is for another number of classes.
        """
        if calibration is not None and len(calibration.scale) != len(self.classes):
            raise ShapeError(
                f"the calibration is for {len(calibration.scale)} classes, the model has {len(self.classes)}"
            )
        return dataclasses.replace(self, calibration=calibration, rules=None)

    def with_rules(self, rules: PredictionRules | None, outputs: int) -> Card:
        """The card with other rules by which rows are answered.

        Args:
            rules: None takes them away.
            outputs: K of the model.

        Raises:
            UsageError, ShapeError: they are not for such a model.
        """
        rules = rules or PredictionRules()
        if self.classes and rules.intervals is not None:
            raise UsageError("intervals are of numbers, and the model is of classes")
        if not self.classes and (rules.sets is not None or rules.abstention is not None):
            raise UsageError("prediction sets and abstention are of classes, and the model is of numbers")
        if rules.intervals is not None and len(rules.intervals.half_widths) != outputs:
            widths = len(rules.intervals.half_widths)
            raise ShapeError(f"the intervals are of {widths} outputs, the model has {outputs}")
        return dataclasses.replace(self, rules=None if rules == PredictionRules() else rules)

    def to_json(self) -> str:
        """The card as the model file keeps it, without what is not known of the model."""
        values = dataclasses.asdict(dataclasses.replace(self, schema=None, rules=None))
        values["schema"] = self.schema and self.schema.to_json()
        values["rules"] = self.rules and self.rules.to_json()
        for name in ("calibration", "slope", "columns", "target", "schema", "rules"):
            if values[name] in (None, (), ""):
                del values[name]
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """The card that a model file keeps.

        Raises:
            KeyError, TypeError, ValueError: it is no card.
        """
        values = json.loads(text)
        values["classes"] = tuple(values["classes"])
        values["columns"] = tuple(values.get("columns", ()))
        values["image_shape"] = tuple(values["image_shape"]) if values["image_shape"] else None
        if (schema := values.get("schema")) is not None:
            values["schema"] = Schema.from_json(schema)
        if (rules := values.get("rules")) is not None:
            values["rules"] = PredictionRules.from_json(rules)
        if (learnt := values.get("calibration")) is not None:
            numbers = {name: tuple(map(float, learnt[name])) for name in ("scale", "shift")}
            values["calibration"] = Calibration(**{**learnt, **numbers})
        return cls(**values)


def card_of(dataset: Dataset, loss: Loss) -> Card:
    """The card of a model of a data set's rows by a loss.

    Raises:
        UsageError: the loss has no name.
    """
    from linnet.core.losses import name_of  # which loads torch

    return Card(
        dataset.name, dataset.classes, dataset.image_shape, dataset.scale, name_of(loss),
        loss.options.get("huber", 1.0), slope=loss.options.get("slope"), columns=dataset.columns,
        target=dataset.target, schema=dataset.schema,
    )  # fmt: skip


def check_columns(ours: tuple[str, ...], theirs: tuple[str, ...], name: str) -> None:
    """Refuse columns that have other names than a model's, or stand in another order.

    Names that linnet gave, such as x0, say nothing of what a column holds and fit any.

    Args:
        ours: the names that the model was trained with, (D,); empty when it had none.
        theirs: those of the rows, (D,); empty likewise.
        name: of the rows, for messages.

    Raises:
        ShapeError: they are different.
    """
    if ours == theirs or any(all(map(NUMBERED.fullmatch, names)) for names in (ours, theirs)):
        return
    place = next(d for d, (our, their) in enumerate(zip(ours, theirs, strict=True)) if our != their)
    order = (
        "has the model's columns in another order" if sorted(ours) == sorted(theirs) else "has other columns"
    )
    raise ShapeError(
        f"{name} {order}: its feature {place + 1} is {theirs[place]!r}, the model's is {ours[place]!r}. "
        f"Give them as the model takes them: {', '.join(ours[:SHOWN])}{', …' if len(ours) > SHOWN else ''}"
    )
