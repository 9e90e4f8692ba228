"""A solve's own part of a page: the certificate."""

from __future__ import annotations

from linnet.report.blocks import Block, Facts, Text
from linnet.report.subject import Subject
from linnet.report.words import WORDS
from linnet.solvers.solution import UNATTAINED, proven_gap

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
    asked = of.run.asked
    known = asked["certificate"]
    rows = [
        (of.say(said), _shown(known[name]) if name != "bound" else _known(of, known[name]))
        for name, said in FIGURES.items()
        if known.get(name) not in (None, "") and not (name == "gap" and proven_gap(known) is None)
    ]
    W = of.run.bank.W
    rows.append((of.say("weights that are not 0"), f"{int((W != 0).sum()):,} / {W.numel():,}"))
    return [Text(_said(of)), Facts(tuple(rows), is_wide=True)]


def _said(of: Subject) -> str:
    known, status = of.run.asked["certificate"], _status(of)
    gap = proven_gap(known)
    if str(of.run.asked["status"]).startswith(UNATTAINED):
        return of.say("Status: {status}.", status=status)
    if gap is None:
        said = "Status: {status}. No bound on the distance from the optimum is known."
        return of.say(said, status=status)
    said = "Status: {status}. No model of this kind has an objective lower than {low}."
    return of.say(said, status=status, low=f"{max(0.0, known['objective'] - gap):.10g}")


def _status(of: Subject) -> str:
    """How the solver ended, in the page's language as far as it is known there."""
    name, colon, advice = str(of.run.asked["status"]).partition(": ")
    return _known(of, name) + (colon + _known(of, advice) if colon else "")


def _known(of: Subject, text: str) -> str:
    return of.say(text) if text in WORDS else text


def _shown(found: object) -> str:
    return f"{found:.10g}" if isinstance(found, float) else str(found)
