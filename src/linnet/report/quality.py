"""Quality of a model: figures, classes, confusion, reliability and certificate, as parts of a page."""

from __future__ import annotations

import numpy as np

from linnet.config.losses import name_loss
from linnet.evaluate.assess import positive_of
from linnet.evaluate.interval import UNDEFINED, Interval
from linnet.model.baseline import Baseline, describe_baseline, judge_baseline
from linnet.model.optimum import Optimum
from linnet.report.blocks import Block, Facts, Figures, Matrix, Table, Text
from linnet.report.coefficients import coefficients
from linnet.report.subject import Subject

NAMES = ("accuracy", "log_loss", "brier", "macro_f1")
OF_POSITIVE = ("precision", "recall", "f1")
"""The figures of two classes that are of the positive one."""
BINARY = (*NAMES[:-1], *OF_POSITIVE, NAMES[-1])
SHARES = ("r2", "d2")
"""The figures of a regression that are 1 at best."""
ERRORS = ("rmse", "mae", *SHARES)
"""The figures of a regression; only counts have the last."""
ALMOST = 0.999
LARGEST = 30
"""Classes up to which the whole confusion matrix is shown."""

OF_THE_WAY = ("epoch", "seconds", "gradient_norm", "estimate")
"""Figures of a record that tell of the way and not of the model."""


def glance(of: Subject) -> list[Block]:
    """The figures that matter most, of the judged rows or, without them, of the last epoch."""
    run = of.run
    items: list[tuple[str, str, str]] = []
    if of.is_judged and run.card.classes:
        whole = of.assessment.whole
        items += [
            (said, whole[name].text().split(" ")[0], ends(of, whole[name]))
            for name, said in names(of).items()
        ]
    elif of.is_judged:
        items += [(name_error(of, name), *_split_figure(of, name, one)) for name, one in of.figures.items()]
        items.append((of.say("metric.loss"), f"{of.score.loss:.6g}", describe_loss(of)))
    else:
        known = {name: figure for name, figure in run.history.last.items() if name not in OF_THE_WAY}
        items += [(of.name_figure(name), f"{figure:.6g}", "") for name, figure in known.items()]
    items.append((of.say("metric.seconds"), f"{run.seconds:.2f}", _describe_end(of)))
    blocks: list[Block] = [Figures(tuple(items))]
    if of.is_judged:
        blocks.append(of.note("report.judged_on", n=f"{len(of.judged):,}", part=of.part))
        blocks += [of.note("report.predicts", name=of.run.card.target)] * bool(of.run.card.target)
        blocks += _compare_baseline(of)
    return blocks


def _compare_baseline(of: Subject) -> list[Block]:
    """What answers that know no features come to on the judged rows, and whether the model is worse."""
    run, train = of.run, of.rows.train
    if not run.baseline and train is None:
        return []
    answers = Baseline.of(of.train) if not run.baseline else Baseline.from_json(run.baseline)
    found, score = answers.figures(of.judged, run.loss), of.score
    blocks: list[Block] = [of.note("report.baseline.said", what=describe_baseline(found, of.language))]
    accuracy = score.accuracy if score.classes else None
    verdict = judge_baseline(found, score.loss, accuracy, of.language, is_solved=run.optimum is not None)
    return [*blocks, *([Text(verdict, "missing")] if verdict else [])]


def names(of: Subject) -> dict[str, str]:
    """The names of a classifier's figures, in the page's language."""
    positive = positive_of(of.run.card.classes)
    if not positive:
        return {name: of.say(f"metric.{name}") for name in NAMES}
    return {
        name: of.say(f"metric.{name}_of" if name in OF_POSITIVE else f"metric.{name}", name=positive)
        for name in BINARY
    }


def describe_loss(of: Subject) -> str:
    """The loss that it was trained by, in the page's language."""
    card = of.run.card
    named = name_loss(card.loss, of.language)
    return f"{named}, {of.say('report.threshold')} {card.huber:g}" if card.loss == "huber" else named


def classes(of: Subject) -> list[Block]:
    """Precision, recall and F1 of each class; of a regression its coefficients."""
    if not of.run.card.classes:
        return coefficients(of)
    found = of.assessment.classes
    heads = (of.say("report.class"), *(of.say(f"metric.{name}") for name in OF_POSITIVE))
    rows = [(name, *(interval(figures[share]) for share in OF_POSITIVE)) for name, figures in found.items()]
    note = of.note("report.intervals_on", n=f"{len(of.judged):,}", part=of.part)
    return [Table(heads, tuple(rows)), note, *_explain_dashes(of)]


def _explain_dashes(of: Subject) -> list[Text]:
    """The reasons why figures of some classes are undefined."""
    by_reason: dict[str, list[str]] = {}
    for name, _, why in of.assessment.undefined:
        by_reason.setdefault(why, []).append(name)
    return [
        of.note("report.dash", names=", ".join(dict.fromkeys(found)), why=of.translate(why, "evaluate"))
        for why, found in by_reason.items()
    ]


def confusion(of: Subject) -> list[Block]:
    """The confusion matrix and the commonest mistakes."""
    counts, names = of.score.confusion, of.run.card.classes
    if not names:
        return [of.missing("report.no_confusion")]
    wrong = counts * ~np.eye(len(names), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:5].tolist()
    pairs = [divmod(place, len(names)) for place in order if wrong.flat[place]]
    is_weighted = counts.dtype.kind == "f"
    heads = (
        of.say("report.true_class"), of.say("report.taken_for"),
        of.say("report.weight" if is_weighted else "report.rows"),
    )  # fmt: skip
    worst = Table(heads, tuple((names[i], names[j], count_text(float(wrong[i, j]))) for i, j in pairs))
    if len(names) > LARGEST:
        return [Text(of.say("report.mistakes_of_many", n=len(names))), worst]
    cells = tuple(tuple(row) for row in counts.tolist())
    return [
        Matrix(names, cells, ""),
        of.note("report.confusion_weighted" if is_weighted else "report.confusion_note"),
        *([Text(of.say("report.mistakes")), worst] if pairs else [of.note("report.no_mistakes")]),
    ]


def count_text(count: float) -> str:
    """A number of rows, or the sum of their weights."""
    return f"{int(count):,}" if float(count).is_integer() else f"{count:,.4g}"


def calibration(of: Subject) -> list[Block]:
    """The reliability diagram and the expected calibration error."""
    if not of.run.card.classes:
        return [of.missing("report.no_probabilities")]
    table, noise = of.assessment.calibration["width"], of.assessment.expected_ece["width"]
    said = of.say(
        "report.ece", ece=f"{table.ece:.4f}", bins=table.bins, noise=f"{noise:.4f}",
    )  # fmt: skip
    blocks: list[Block] = [of.reliability, Text(said)]
    learnt = of.run.card.calibration
    if learnt is not None:
        blocks.append(
            of.note("report.calibrated", kind=learnt.kind, n=f"{learnt.rows:,}", source=learnt.source)
        )
    return blocks


def interval(of: Interval, form: str = ".3f") -> str:
    """A figure with its interval, which is not broken between lines."""
    return of.text(form).replace(", ", ",\u00a0")


def ends(of: Subject, found: Interval) -> str:
    """An interval's ends, or why there are none."""
    return (
        f"[{found.low:.4f}, {found.high:.4f}]" if found.has_ends else of.translate(found.reason, "evaluate")
    )


def name_error(of: Subject, name: str) -> str:
    """The name of a regression's figure; of a share what it is about, where there is no intercept."""
    is_plain = name not in SHARES or of.run.has_intercept
    return of.say(f"metric.{name}" if is_plain else f"metric.{name}_about_mean")


def errors(of: Subject) -> dict[str, str]:
    """The figures of a regression, with intervals."""
    return {name: " ".join(_split_figure(of, name, found)) for name, found in of.figures.items()}


def _split_figure(of: Subject, name: str, found: Interval) -> tuple[str, str]:
    """A figure and its interval; a share near 1 has more places, for what is short of 1 counts."""
    if not found.is_defined:
        return UNDEFINED, of.translate(found.reason, "evaluate")
    form = ".5g" if name not in SHARES else ".4f" if max(found.value, found.high) < ALMOST else ".6f"
    value = f"{found.value:{form}}"
    return value, f"[{found.low:{form}},\u00a0{found.high:{form}}]" if found.has_ends else of.translate(
        found.reason, "evaluate"
    )


def _describe_end(of: Subject) -> str:
    epochs = of.say("report.epochs", n=len(of.run.history)) if of.run.fitted else ""
    status = of.run.status
    said = of.say(f"report.status.{status}") if status in ("completed", "interrupted") else status
    return ", ".join(filter(None, (said, epochs)))


FIGURES = ("objective", "gap", "gain", "gradient_norm", "iterations", "passes", "seconds", "bound")


def certificate(of: Subject) -> list[Block]:
    """The certificate of the optimum: the proven gap and how it was reached."""
    optimum = _optimum(of)
    known = optimum.certificate
    rows = [
        (
            of.say(f"report.certificate.{name}"),
            _format(known[name]) if name != "bound" else _translate(of, known[name]),
        )
        for name in FIGURES
        if known.get(name) not in (None, "") and not (name == "gap" and optimum.gap is None)
    ]
    W = of.run.predictor.W
    rows.append((of.say("report.nonzero_weights"), f"{int((W != 0).sum()):,} / {W.size:,}"))
    return [Text(_describe_certificate(of)), Facts(tuple(rows), is_wide=True)]


def _describe_certificate(of: Subject) -> str:
    optimum, status = _optimum(of), _status(of)
    if not optimum.is_attained:
        return of.say("report.status_alone", status=status)
    if optimum.gap is None:
        return of.say("report.status_without_bound", status=status)
    return of.say(
        "report.status_with_bound",
        status=status,
        low=f"{max(0.0, optimum.certificate['objective'] - optimum.gap):.10g}",
    )


def _optimum(of: Subject) -> Optimum:
    assert of.run.optimum is not None, "the part is of what was solved"
    return of.run.optimum


def _status(of: Subject) -> str:
    """The solver's status, in the page's language as far as it is known there."""
    name, colon, advice = _optimum(of).status.partition(": ")
    return _translate(of, name) + (colon + _translate(of, advice) if colon else "")


def _translate(of: Subject, text: str) -> str:
    return of.translate(text, "solver")


def _format(found: object) -> str:
    return f"{found:.10g}" if isinstance(found, float) else str(found)
