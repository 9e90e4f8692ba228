"""The parts of a page on how good a model is: figures, classes, confusion, reliability, certificate."""

from __future__ import annotations

import numpy as np

from linnet.config.losses import LOSSES
from linnet.evaluate.assess import positive_of
from linnet.evaluate.interval import UNDEFINED, Interval
from linnet.evaluate.score import parameter_errors
from linnet.model.optimum import Optimum
from linnet.plot.classification import reliability_figure
from linnet.report.blocks import Block, Facts, Figures, Matrix, Picture, Table, Text
from linnet.report.subject import Subject
from linnet.report.views import themed
from linnet.report.words import WORDS

NAMES = {"accuracy": "accuracy", "log_loss": "log loss", "brier": "Brier score", "macro_f1": "macro F1"}
BINARY = {
    "accuracy": "accuracy", "log_loss": "log loss", "brier": "Brier score",
    "precision": "precision of {name}", "recall": "recall of {name}", "f1": "F1 of {name}",
    "macro_f1": "macro F1",
}  # fmt: skip
"""The figures of two classes, some of which are of the positive one."""
ERRORS = {"rmse": "RMSE", "mae": "mean absolute error", "r2": "R²"}
"""The figures of a regression."""
ALMOST = 0.999
SHARES = ("precision", "recall", "f1")
LARGEST = 30
"""Classes up to which the whole confusion matrix is shown."""
FEATURES = 40
"""Columns up to which a regression's coefficients are listed."""


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
        items += [(of.say(said), *_split_figure(of, name, of.figures[name])) for name, said in ERRORS.items()]
        items.append((of.say("loss"), f"{of.score.loss:.6g}", said_loss(of)))
    else:
        items += [(name.replace("_", " "), f"{figure:.6g}", "") for name, figure in run.history.last.items()]
    items.append((of.say("seconds"), f"{run.seconds:.2f}", _describe_end(of)))
    blocks: list[Block] = [Figures(tuple(items))]
    if of.is_judged:
        said = "On {n} {part}, with 95 % intervals."
        blocks.append(Text(of.say(said, n=f"{len(of.judged):,}", part=of.part), "note"))
        blocks += [Text(of.say("Predicts {name}.", name=of.run.card.target), "note")] * bool(
            of.run.card.target
        )
    return blocks


def names(of: Subject) -> dict[str, str]:
    """What the figures of a classifier are called, in the page's language."""
    positive = positive_of(of.run.card.classes)
    return {name: of.say(said, name=positive) for name, said in (BINARY if positive else NAMES).items()}


def said_loss(of: Subject) -> str:
    """What its loss is of, in the page's language."""
    card = of.run.card
    named = of.say(LOSSES[card.loss].measured if card.loss in LOSSES else card.loss)
    return f"{named}, {of.say('threshold')} {card.huber:g}" if card.loss == "huber" else named


def classes(of: Subject) -> list[Block]:
    """Precision, recall and F1 of each class; of a regression its coefficients."""
    if not of.run.card.classes:
        return coefficients(of)
    found = of.assessment.classes
    heads = (of.say("class"), *(of.say(name) for name in ("precision", "recall", "F1")))
    rows = [(name, *(interval(figures[share]) for share in SHARES)) for name, figures in found.items()]
    note = of.say("With 95 % intervals, on {n} {part}.", n=f"{len(of.judged):,}", part=of.part)
    return [Table(heads, tuple(rows)), Text(note, "note"), *(Text(why, "note") for why in _missing(of))]


def _missing(of: Subject) -> list[str]:
    """Why figures of some classes are dashes."""
    by_reason: dict[str, list[str]] = {}
    for name, _, why in of.assessment.undefined:
        by_reason.setdefault(why, []).append(name)
    return [
        of.say(
            "{names}: a dash, for the reason: {why}.", names=", ".join(dict.fromkeys(found)), why=of.say(why)
        )
        for why, found in by_reason.items()
    ]


def confusion(of: Subject) -> list[Block]:
    """Which classes are taken for which."""
    counts, names = of.score.confusion, of.run.card.classes
    if not names:
        return [Text(of.say("A regression has no confusion matrix."), "missing")]
    wrong = counts * ~np.eye(len(names), dtype=bool)
    order = np.argsort(-wrong, axis=None, kind="stable")[:5].tolist()
    pairs = [divmod(place, len(names)) for place in order if int(wrong.flat[place])]
    heads = (of.say("of the class"), of.say("taken for"), of.say("rows"))
    worst = Table(heads, tuple((names[i], names[j], f"{int(wrong[i, j]):,}") for i, j in pairs))
    if len(names) > LARGEST:
        return [Text(of.say("The commonest mistakes of {n} classes:", n=len(names))), worst]
    cells = tuple(tuple(row) for row in counts.tolist())
    note = of.say("Rows are the true classes, columns the predicted; colour is the share of the true class.")
    return [Matrix(names, cells, ""), Text(note, "note"), Text(of.say("The commonest mistakes:")), worst]


def calibration(of: Subject) -> list[Block]:
    """How often a confidence is right."""
    if not of.run.card.classes:
        return [Text(of.say("A regression says no probabilities."), "missing")]
    table, noise = of.assessment.calibration["width"], of.assessment.expected_ece["width"]
    picture = themed(reliability_figure(table, " ", of.language))
    said = of.say(
        "Expected calibration error {ece} in {bins} bins of equal width; it would be {noise} were every "
        "probability true.", ece=f"{table.ece:.4f}", bins=table.bins, noise=f"{noise:.4f}",
    )  # fmt: skip
    blocks: list[Block] = [Picture(picture, of.say("Reliability"), 430), Text(said)]
    learnt = of.run.card.calibration
    if learnt is not None:
        said = "Calibrated: {kind} scaling, learnt on {n} {source}."
        blocks.append(
            Text(of.say(said, kind=learnt.kind, n=f"{learnt.rows:,}", source=learnt.source), "note")
        )
    return blocks


def interval(of: Interval) -> str:
    """A figure with its interval."""
    return of.text(".3f").replace(", ", ",\u00a0")


def ends(of: Subject, found: Interval) -> str:
    """An interval's ends, or why there are none."""
    return f"[{found.low:.4f}, {found.high:.4f}]" if found.has_ends else of.say(found.reason)


def errors(of: Subject) -> list[str]:
    """The figures of a regression, with intervals."""
    return [" ".join(_split_figure(of, name, found)) for name, found in of.figures.items()]


def _split_figure(of: Subject, name: str, found: Interval) -> tuple[str, str]:
    """An error or R², and its interval; an R² near 1 has more places, for what is short of 1 counts."""
    if not found.is_defined:
        return UNDEFINED, of.say(found.reason)
    form = ".5g" if name != "r2" else ".4f" if max(found.value, found.high) < ALMOST else ".6f"
    value = f"{found.value:{form}}"
    return value, f"[{found.low:{form}},\u00a0{found.high:{form}}]" if found.has_ends else of.say(
        found.reason
    )


def _describe_end(of: Subject) -> str:
    epochs = of.say("{n} epochs", n=len(of.run.history)) if of.run.fitted else ""
    status = of.run.status
    said = of.say(status) if status in ("completed", "interrupted") else status
    return ", ".join(filter(None, (said, epochs)))


def coefficients(of: Subject) -> list[Block]:
    """The weight of each column and the bias, for each output, by the names that the columns have."""
    bank, train = of.run.bank, of.rows.train
    if bank.features > FEATURES:
        return [Text(of.say("{n} coefficients are too many to list.", n=bank.features), "missing")]
    names = (train.columns if train else of.run.card.columns) or [f"w{d}" for d in range(bank.features)]
    rows = [(name, *(f"{w:.6g}" for w in bank.W[:, d].tolist())) for d, name in enumerate(names)]
    rows.append(("b", *(f"{b:.6g}" for b in bank.b.flatten().tolist())))
    alone = (of.say("value"),) if bank.outputs == 1 else tuple(f"y{k}" for k in range(bank.outputs))
    heads = (of.say("parameter"), *(of.run.card.classes or alone))
    truth = of.run.truth or (train.truth if train else None)
    if truth is not None and bank.outputs == 1:
        errors = parameter_errors(bank, truth)
        wrong = [*errors.w.tolist(), errors.b]
        rows = [(*row, f"{error:+.2e}") for row, error in zip(rows, wrong, strict=True)]
        heads = (*heads, of.say("truth less value"))
    return [Table(heads, tuple(rows))]


def less(of: Interval) -> str:
    """A difference of errors with its interval."""
    return of.text("+.4g").replace(", ", ",\u00a0")


def signed(of: Interval) -> str:
    """A difference with its interval."""
    return of.text("+.4f").replace(", ", ",\u00a0")


FIGURES = {
    "objective": "objective (mean loss and penalty)",
    "gap": "at most so far above the optimum",
    "gain": "a Newton step would gain about",
    "gradient_norm": "norm of the gradient",
    "iterations": "iterations",
    "passes": "passes over the data",
    "seconds": "seconds",
    "bound": "bounded by",
}


def certificate(of: Subject) -> list[Block]:
    """How near the optimum the model is proven to be."""
    optimum = _optimum(of)
    known = optimum.certificate
    rows = [
        (of.say(said), _shown(known[name]) if name != "bound" else _known(of, known[name]))
        for name, said in FIGURES.items()
        if known.get(name) not in (None, "") and not (name == "gap" and optimum.gap is None)
    ]
    W = of.run.bank.W
    rows.append((of.say("weights that are not 0"), f"{int((W != 0).sum()):,} / {W.numel():,}"))
    return [Text(_said(of)), Facts(tuple(rows), is_wide=True)]


def _said(of: Subject) -> str:
    optimum, status = _optimum(of), _status(of)
    if not optimum.is_attained:
        return of.say("Status: {status}.", status=status)
    if optimum.gap is None:
        said = "Status: {status}. No bound on the distance from the optimum is known."
        return of.say(said, status=status)
    said = "Status: {status}. No model of this kind has an objective lower than {low}."
    return of.say(said, status=status, low=f"{max(0.0, optimum.certificate['objective'] - optimum.gap):.10g}")


def _optimum(of: Subject) -> Optimum:
    assert of.run.optimum is not None, "the part is of what was solved"
    return of.run.optimum


def _status(of: Subject) -> str:
    """How the solver ended, in the page's language as far as it is known there."""
    name, colon, advice = _optimum(of).status.partition(": ")
    return _known(of, name) + (colon + _known(of, advice) if colon else "")


def _known(of: Subject, text: str) -> str:
    return of.say(text) if text in WORDS else text


def _shown(found: object) -> str:
    return f"{found:.10g}" if isinstance(found, float) else str(found)
