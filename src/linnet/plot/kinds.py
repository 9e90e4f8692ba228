"""The figures of a run by name: what `linnet plot` draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from linnet.config import Recipe
from linnet.data.pictures.shape import ImageShape
from linnet.errors import UsageError
from linnet.evaluate.confidence.decisions import abstain_curve
from linnet.evaluate.confidence.reliability import BINS, reliability
from linnet.evaluate.contributions import contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.label_errors import label_errors, out_of_fold
from linnet.evaluate.score import Score
from linnet.i18n import Language, check, say
from linnet.plot import of_numbers
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


@dataclass(frozen=True)
class FigureOptions:
    """Options of a figure.

    Args:
        row: the number of the row that `contributions` explains.
        bins: of `reliability`.
        binning: of `reliability`: "width" or "mass".
        language: "en" or "zh".
        alpha: of `sets` and `intervals`: the share of rows whose set or interval may lack their target.
        randomised: of `sets`: whether those of APS are.
    """

    row: int = 0
    bins: int = BINS
    binning: str = "width"
    language: Language = "en"
    alpha: float = 0.1
    randomised: bool = False


def draw(kind: str, evaluation: Evaluation, options: FigureOptions | None = None) -> Figure:
    """The figure of a kind.

    Args:
        kind: a name of `KINDS`.
        evaluation: what it is of; rows are read when a figure needs them.
        options: of the figure.

    Raises:
        UsageError: there is no such kind (the message lists them), or it does not suit the run.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown figure {kind!r}: expected {', '.join(KINDS)}")
    options = options or FigureOptions()
    check(options.language)
    return KINDS[kind](evaluation, options)


def _draw_curves(of: Evaluation, options: FigureOptions) -> Figure:
    if not of.run.history.records:
        raise UsageError("the run has no history to draw curves of")
    records, name = of.run.history.records, of.run.card.dataset
    if "objective" in records[0]:  # a solver's iterations
        return gap_figure(records, of.run.optimum and of.run.optimum.gap, name, options.language)
    return curves(records, name, options.language)


def _draw_templates(of: Evaluation, options: FigureOptions) -> Figure:
    W = of.run.predictor.W
    return templates(W, _require_shape(of), of.run.card.output_names(len(W)), options.language)


def _draw_differences(of: Evaluation, options: FigureOptions) -> Figure:
    return differences(of.run.predictor.W, _require_shape(of), of.run.card.classes, options.language)


def _draw_confusion(of: Evaluation, options: FigureOptions) -> Figure:
    if not of.classes:
        raise UsageError("a regression has no confusion matrix")
    result = Score.of(of)
    accuracy = f"{result.accuracy:.4f}"
    head = say("plot.confusion_with_accuracy", options.language, accuracy=accuracy)
    return confusion_figure(result.confusion, result.classes, head, options.language)


def _draw_contributions(of: Evaluation, options: FigureOptions) -> Figure:
    rows = of.rows
    if not 0 <= options.row < len(rows):
        raise UsageError(f"the row must lie in 0…{len(rows) - 1}, not {options.row}")
    x, card = rows.X[options.row], of.run.card
    names = card.output_names(rows.outputs)
    of_class = card.classes[int(rows.labels[options.row])] if card.classes else rows.name
    title = say("plot.contributions_of_row", options.language, row=options.row, label=of_class)
    if len(names) > CLASSES:
        title += ", " + say("plot.highest_scores", options.language, shown=CLASSES, n=len(names))
    found = contributions(of.run, x)
    return contributions_figure(
        found, names, x, card.image_shape, title, options.language, of.rows.columns, rows.scale
    )


def _draw_sets(of: Evaluation, options: FigureOptions) -> Figure:
    kept = of.calibration_split
    said = "plot.sets_unseen" if kept.is_unseen else "plot.sets_seen"
    title = say(said, options.language, n=f"{len(kept.rows):,}")
    return sets_figure(
        of.on_calibration_split, of, options.alpha, randomised=options.randomised, title=title,
        language=options.language,
    )  # fmt: skip


def _draw_label_errors(of: Evaluation, options: FigureOptions) -> Figure:
    train, request = of.train, of.run.fitted
    recipe = Recipe.of(request, validation=None, patience=None) if request else Recipe()
    of.run.check_fits(train)
    return label_errors_figure(train, label_errors(out_of_fold(train, recipe)), language=options.language)


def _require_shape(of: Evaluation) -> ImageShape:
    if of.run.card.image_shape is None:
        raise UsageError(f"{of.run.card.dataset} has no images to draw weights as")
    return of.run.card.image_shape


KINDS: dict[str, Callable[[Evaluation, FigureOptions], Figure]] = {
    "curves": _draw_curves,
    "templates": _draw_templates,
    "differences": _draw_differences,
    "confusion": _draw_confusion,
    "reliability": lambda of, options: reliability_figure(
        reliability(of, options.bins, options.binning), language=options.language
    ),
    "roc": lambda of, options: roc_figure(of, language=options.language),
    "pr": lambda of, options: precision_recall_figure(of, language=options.language),
    "coverage": lambda of, options: abstain_figure(abstain_curve(of), language=options.language),
    "sets": _draw_sets,
    "top-losses": lambda of, options: top_losses_figure(of, language=options.language),
    "label-errors": _draw_label_errors,
    "contributions": _draw_contributions,
    "residuals": lambda of, options: of_numbers.residuals(of, options.language).draw(),
    "quantiles": lambda of, options: of_numbers.quantiles(of, options.language).draw(),
    "leverage": lambda of, options: of_numbers.leverage(of, options.language).draw(),
    "intervals": lambda of, options: of_numbers.intervals(of, options.language, options.alpha).draw(),
}
"""The figures by name."""
