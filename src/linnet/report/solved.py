"""A solve's own part of a page: the certificate."""

from __future__ import annotations

from linnet.report.blocks import Block, Facts, Text
from linnet.report.subject import Subject

FIGURES = {
    "objective": "objective (mean loss and penalty)",
    "gap": "at most so far above the optimum",
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
        (of.say(said), _shown(known[name]))
        for name, said in FIGURES.items()
        if known.get(name) not in (None, "")
    ]
    W = of.run.bank.W
    rows.append((of.say("weights that are not 0"), f"{int((W != 0).sum()):,} / {W.numel():,}"))
    return [Text(_said(of)), Facts(tuple(rows), is_wide=True)]


def _said(of: Subject) -> str:
    asked, gap = of.run.asked, of.run.asked["certificate"].get("gap")
    if gap is None:
        said = "Status: {status}. No bound on the distance from the optimum is known."
        return of.say(said, status=asked["status"])
    said = "Status: {status}. No model of this kind has an objective lower than {low}."
    return of.say(said, status=asked["status"], low=f"{asked['certificate']['objective'] - gap:.10g}")


def _shown(found: object) -> str:
    return f"{found:.10g}" if isinstance(found, float) else str(found)
