"""The figures of a run by name: what `linnet plot` draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from matplotlib.figure import Figure

from linnet.config import Recipe
from linnet.data.dataset import Dataset
from linnet.errors import UsageError
from linnet.evaluate.abstain import abstain_curve
from linnet.evaluate.contributions import contributions
from linnet.evaluate.forecast import Forecast, forecast
from linnet.evaluate.held_out import held_out
from linnet.evaluate.label_errors import label_errors, out_of_fold
from linnet.evaluate.reliability import BINS, reliability
from linnet.evaluate.score import score
from linnet.model.run import Run
from linnet.plot.classification import (
    confusion_figure,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
)
from linnet.plot.contributions import CLASSES, contributions_figure
from linnet.plot.curves import curves
from linnet.plot.decisions import abstain_figure, sets_figure
from linnet.plot.images import label_errors_figure, top_losses_figure
from linnet.plot.optimum import gap_figure
from linnet.plot.weights import differences, templates
from linnet.plot.words import Language, check, say
from linnet.solvers.solution import proven_gap


@dataclass(eq=False)
class Subject:
    """What a figure is of. Rows are loaded when a figure needs them.

    Args:
        run: of a linear model.
        load: gives the rows to judge it by.
        load_train: gives the rows that it was trained on.
        row: the number of the row that `contributions` explains.
        bins: of `reliability`.
        binning: of `reliability`: "width" or "mass".
        language: "en" or "zh".
        alpha: of `sets`: the share of rows whose set may lack their class.
        randomised: of `sets`: whether those of APS are.
    """

    run: Run
    load: Callable[[], Dataset]
    load_train: Callable[[], Dataset]
    row: int = 0
    bins: int = BINS
    binning: str = "width"
    language: Language = "en"
    alpha: float = 0.1
    randomised: bool = False

    @cached_property
    def rows(self) -> Dataset:
        """The rows to judge the run by."""
        rows = self.load()
        self.run.check_fits(rows)
        return rows

    @cached_property
    def forecast(self) -> Forecast:
        """What the model says of them."""
        return forecast(self.run, self.rows)


def draw(kind: str, subject: Subject) -> Figure:
    """The figure of a kind.

    Args:
        kind: a name of `KINDS`.
        subject: what it is of.

    Raises:
        UsageError: there is no such kind (the message lists them), or it does not suit the run.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown figure {kind!r}: expected {', '.join(KINDS)}")
    check(subject.language)
    return KINDS[kind](subject)


def _curves(of: Subject) -> Figure:
    if not of.run.history.records:
        raise UsageError("the run has no history to draw curves of")
    records, name = of.run.history.records, of.run.card.dataset
    if "objective" in records[0]:  # a solver's iterations
        return gap_figure(records, proven_gap(of.run.asked.get("certificate", {})), name, of.language)
    return curves(records, name, of.language)


def _templates(of: Subject) -> Figure:
    W = of.run.bank.W.cpu()
    return templates(W, _shape(of), of.run.card.output_names(len(W)), of.language)


def _differences(of: Subject) -> Figure:
    return differences(of.run.bank.W.cpu(), _shape(of), of.run.card.classes, of.language)


def _confusion(of: Subject) -> Figure:
    result = score(of.run, of.rows)
    if not result.classes:
        raise UsageError("a regression has no confusion matrix")
    accuracy = f"{result.accuracy:.4f}"
    head = say("confusion matrix: accuracy {accuracy}", of.language, accuracy=accuracy)
    return confusion_figure(result.confusion, result.classes, head, of.language)


def _contributions(of: Subject) -> Figure:
    rows = of.rows
    if not 0 <= of.row < len(rows):
        raise UsageError(f"the row must lie in 0…{len(rows) - 1}, not {of.row}")
    x, card = rows.X[of.row], of.run.card
    names = card.output_names(rows.outputs)
    of_class = card.classes[int(rows.labels[of.row])] if card.classes else rows.name
    said = "contributions to each score: row {row}, {label}"
    title = say(said, of.language, row=of.row, label=of_class)
    if len(names) > CLASSES:
        title += ", " + say("{shown} highest of {n} scores", of.language, shown=CLASSES, n=len(names))
    found = contributions(of.run, x)
    return contributions_figure(found, names, x, card.image_shape, title, of.language, of.rows.columns)


def _sets(of: Subject) -> Figure:
    judged, kept = of.forecast, held_out(of.run, of.load_train())
    said = (
        "prediction sets, learnt on {n} rows kept from training"
        if kept.is_unseen
        else "prediction sets, learnt on {n} training rows: no promise"
    )
    title = say(said, of.language, n=f"{len(kept.rows):,}")
    seen = forecast(of.run, kept.rows)
    return sets_figure(seen, judged, of.alpha, randomised=of.randomised, title=title, language=of.language)


def _label_errors(of: Subject) -> Figure:
    known = {name: value for name, value in of.run.asked.items() if name in Recipe.__dataclass_fields__}
    recipe = Recipe(**{**known, "validation": None, "patience": None})
    train = of.load_train()
    of.run.check_fits(train)
    return label_errors_figure(train, label_errors(out_of_fold(train, recipe)), language=of.language)


def _shape(of: Subject) -> tuple[int, int]:
    if of.run.card.image_shape is None:
        raise UsageError(f"{of.run.card.dataset} has no images to draw weights as")
    return of.run.card.image_shape


KINDS: dict[str, Callable[[Subject], Figure]] = {
    "curves": _curves,
    "templates": _templates,
    "differences": _differences,
    "confusion": _confusion,
    "reliability": lambda of: reliability_figure(
        reliability(of.forecast, of.bins, of.binning), language=of.language
    ),
    "roc": lambda of: roc_figure(of.forecast, language=of.language),
    "pr": lambda of: precision_recall_figure(of.forecast, language=of.language),
    "coverage": lambda of: abstain_figure(abstain_curve(of.forecast), language=of.language),
    "sets": _sets,
    "top-losses": lambda of: top_losses_figure(of.rows, of.forecast, language=of.language),
    "label-errors": _label_errors,
    "contributions": _contributions,
}
"""The figures by name."""
