"""Figures of decisions: accuracy against coverage of a model that abstains; prediction sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linnet.core.conformal import METHODS
from linnet.evaluate.confidence.decisions import AbstainCurve
from linnet.evaluate.confidence.prediction_sets import (
    Coverage,
    SetCurve,
    coverage,
    learn_sets,
    set_curve,
)
from linnet.evaluate.evaluation import Evaluation
from linnet.i18n import Language, say
from linnet.plot.style import BLUE, VERMILION, drawing, label

FEWEST = 0.02
"""Coverages below it rest on so few rows that the line only jumps."""


def abstain_figure(curve: AbstainCurve, title: str = "", language: Language = "en") -> Figure:
    """The accuracy-coverage curve, and the confidence that each coverage asks for.

    Args:
        curve: of an evaluation.
        title: above; "accuracy against coverage" when empty.
        language: "en" or "zh".
    """
    with drawing(5.4, 3.8, language) as figure:
        axes = figure.add_subplot()
        shown = curve.coverage >= FEWEST
        x = curve.coverage[shown]
        right = say("plot.answered_accuracy", language)
        sure = say("plot.least_confidence", language)
        axes.plot(x, curve.accuracy[shown], color=BLUE, label=right)
        axes.plot(x, curve.thresholds[shown], "--", color=VERMILION, label=sure)
        whole = float(curve.accuracy[-1])
        said = f"{say('plot.without_abstaining', language)} {whole:.3f}"
        axes.axhline(whole, color="0.5", linewidth=0.8, linestyle=":", label=said)
        head = title or say("plot.accuracy_by_coverage", language)
        label(axes, head, say("plot.share_answered", language), "")
        axes.set_xlim(0, 1)
        axes.legend(loc="lower left")
    return figure


LOOKS: dict[str, tuple[str, str, str]] = {"lac": (BLUE, "-", "o"), "aps": (VERMILION, "--", "s")}
"""The colour, dash and marker of each method."""

CLASSES = 24
"""Classes up to which each has its line; of more, these are those whose sets lack them most often."""


def sets_figure(
    seen: Evaluation,
    judged: Evaluation,
    alpha: float = 0.1,
    *,
    randomised: bool = False,
    title: str = "",
    language: Language = "en",
) -> Figure:
    """Prediction sets by both methods, learnt on some rows and measured on others.

    Above, the coverage and the mean size for each coverage that is asked for; the grey band is where chance
    leaves 19 coverages in 20. Below, for an error of α, the coverage of each class's rows and how many
    classes the sets hold.

    Args:
        seen: of rows kept from training, to learn the thresholds on.
        judged: of the rows to measure on.
        alpha: between 0 and 1.
        randomised: of APS.
        title: above; "prediction sets" when empty.
        language: "en" or "zh".

    Raises:
        UsageError: α cannot be.
    """
    kinds = [(method, randomised and method == "aps") for method in METHODS]
    rules = [learn_sets(seen, alpha, method, randomised=drawn) for method, drawn in kinds]
    curves = [set_curve(seen, judged, method, randomised=drawn) for method, drawn in kinds]
    found = {rule.method: coverage(rule, judged) for rule in rules}
    with drawing(8.4, 6.8, language) as figure:
        (upper, size), (by_class, shares) = figure.subplots(2, 2)
        _draw_coverages(upper, curves, language)
        _draw_sizes(size, curves, language)
        _draw_by_class(by_class, found, judged.classes, language)
        _draw_shares(shares, found, language)
        figure.suptitle(title or say("plot.prediction_sets", language), fontsize=11)
    return figure


def _draw_coverages(axes: Axes, curves: Sequence[SetCurve], language: Language) -> None:
    asked = curves[0].asked
    band = say("plot.chance_band", language)
    axes.fill_between(asked, curves[0].low, curves[0].high, color="0.85", label=band)
    axes.plot(asked, asked, color="0.4", linewidth=0.8)
    for curve in curves:
        colour, dash, _ = LOOKS[curve.method]
        axes.plot(asked, curve.coverage, dash, color=colour, label=_name_rule(curve.method, curve.randomised))
    label(
        axes,
        say("plot.coverage", language),
        say("plot.asked_coverage", language),
        say("plot.measured", language),
    )
    axes.legend(loc="upper left", fontsize=8)


def _draw_sizes(axes: Axes, curves: Sequence[SetCurve], language: Language) -> None:
    for curve in curves:
        colour, dash, _ = LOOKS[curve.method]
        axes.plot(curve.asked, curve.mean_size, dash, color=colour)
    asked = say("plot.asked_coverage", language)
    label(axes, say("plot.set_sizes", language), asked, say("plot.mean_classes", language))
    axes.set_ylim(bottom=0)


def _draw_by_class(
    axes: Axes, found: dict[str, Coverage], classes: Sequence[str], language: Language
) -> None:
    first = found[METHODS[0]]
    lowest = np.argsort(first.by_class, kind="stable")[:CLASSES]  # NaN, a class without rows, is last
    shown = np.sort(lowest)
    for method, said in found.items():
        colour, _, marker = LOOKS[method]
        axes.plot(said.by_class[shown], range(len(shown)), marker, color=colour, markersize=5, alpha=0.8)
    axes.axvline(first.asked, color="0.4", linewidth=0.8)
    head = "plot.class_coverage" if len(shown) == len(classes) else "plot.lowest_coverages"
    label(axes, say(head, language, asked=f"{first.asked:g}"), say("plot.coverage", language), "")
    without = f" – ({say('plot.no_rows', language)})"
    names = [classes[int(k)] + without * bool(np.isnan(first.by_class[k])) for k in shown]
    axes.set_yticks(range(len(shown)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(right=1.01)


def _draw_shares(axes: Axes, found: dict[str, Coverage], language: Language) -> None:
    largest = max(int(np.flatnonzero(said.sizes).max()) for said in found.values())
    places, width = np.arange(largest + 1), 0.8 / len(found)
    for number, (method, said) in enumerate(found.items()):
        share = said.sizes[: largest + 1] / said.sizes.sum()
        shift = (number - (len(found) - 1) / 2) * width
        axes.bar(places + shift, share, width, color=LOOKS[method][0], label=f"{method} {said.mean_size:.2f}")
    asked = f"{next(iter(found.values())).asked:g}"
    head = say("plot.set_sizes_at", language, asked=asked)
    x, y = say("plot.classes_in_set", language), say("plot.share_of_rows", language)
    label(axes, head, x, y, is_counted=True)
    axes.legend(title=say("plot.mean_classes", language), fontsize=8)


def _name_rule(method: str, randomised: bool) -> str:
    return f"{method} (randomised)" if randomised else method
