"""The sections of a regression's errors: residuals, leverage of training rows, and prediction intervals."""

from __future__ import annotations

from linnet.evaluate.confidence.prediction_intervals import interval_coverage, learn_intervals
from linnet.evaluate.evaluation import Evaluation
from linnet.plot import of_numbers
from linnet.report.blocks import Block, Pictures
from linnet.report.subject import Subject

MOST = 1 << 22
"""Numbers of training rows whose leverage a page takes the time for; `linnet plot` draws that of more."""

ALPHA = 0.1


def _evaluation(of: Subject) -> Evaluation:
    return Evaluation(of.run, of.judged, lambda: of.train)


def residuals(of: Subject) -> list[Block]:
    """Residuals of the judged rows by predicted value and against normal quantiles."""
    drawing = of_numbers.residuals(of.evaluation, of.language)
    pictures = [of.picture(drawing, "report.residuals_figure", 440)]
    if not of.evaluation.is_of_counts:
        drawing = of_numbers.quantiles(of.evaluation, of.language)
        pictures.append(of.picture(drawing, "report.quantiles_figure", 440))
    return [Pictures(tuple(pictures)), of.note("report.residuals_of", n=f"{len(of.judged):,}", part=of.part)]


def leverage(of: Subject) -> list[Block]:
    """Leverage of the training rows, and which of them move the fit."""
    if len(of.train) * of.train.features > MOST:
        return [of.missing("report.leverage_too_large")]
    drawing = of_numbers.leverage(_evaluation(of), of.language)
    return [of.picture(drawing, "report.leverage_figure", 520), of.note("report.leverage_note")]


def intervals(of: Subject) -> list[Block]:
    """Prediction intervals learnt on rows kept from training, and their coverage."""
    evaluation = _evaluation(of)
    drawing = of_numbers.intervals(evaluation, of.language, ALPHA)  # which refuses too few rows
    picture = of.picture(drawing, "report.intervals_figure", 980)
    rule = learn_intervals(evaluation.on_calibration_split, ALPHA)
    found, (low, high) = interval_coverage(rule, evaluation), rule.expected(len(evaluation))
    said = of.note(
        "report.intervals_coverage", asked=f"{found.asked:g}", measured=f"{found.coverage.value:.4f}",
        low=f"{low:.4f}", high=f"{high:.4f}", n=f"{len(evaluation):,}", part=of.part,
    )  # fmt: skip
    return [picture, said, of.note("report.intervals_note")]
