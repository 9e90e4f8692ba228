"""Which parts a page has, in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linnet.config.losses import name_model
from linnet.folders import RUN, read
from linnet.record.paths import shared
from linnet.report import estimates, provenance, quality, sweep, views
from linnet.report.blocks import Page, Section, Text
from linnet.report.provenance import again, again_sweep
from linnet.report.subject import Rows, Subject
from linnet.report.sweep import Swept


def page_of_run(of: Subject) -> Page:
    """The page of a run or a solve."""
    recorded = recorded_of(of.run.folder)
    is_solve = of.run.optimum is not None and bool(of.run.optimum.certificate)
    sections = [
        of.section("glance", "At a glance", quality.glance),
        *([of.section("certificate", "Certificate", quality.certificate)] if is_solve else []),
        *_infer_sections(of),
        of.section("asked", "What was asked", provenance.run_options),
        of.section("data", "The data", provenance.data),
        of.section("curves", "The way to the optimum" if is_solve else "Learning curves", views.curves),
        *_judge_sections(of),
        Section("ran-with", of.say("Ran with"), tuple(provenance.ran_with(of, recorded.get("versions", {})))),
        Section("again", of.say("Do it again"), tuple(again(of))),
    ]
    return Page(_title(of), _facts(of.run.folder, recorded), of.language, tuple(sections))


def page_of_sweep(of: Swept, rows: Rows | None, best: Subject | None) -> Page:
    """The page of a sweep or a tune.

    Args:
        of: its folder.
        rows: that it went over, where they are at hand.
        best: the best setting trained again on all rows; None where that has not been done.
    """
    summary = of.summary
    kind = str(summary["metric"]).removeprefix("validation_")
    tested = best.run.history.last.get(f"test_{kind}") if best else None
    said = "The best setting has not been trained again on all rows yet: result.refit(test)."
    missing = Section("glance", of.say("At a glance"), (Text(of.say(said), "missing"),))
    sections = [
        best.section("glance", "At a glance", quality.glance) if best else missing,
        Section("choice", of.say("How honest the choice is"), tuple(sweep.choice(of, tested))),
        Section("settings", of.say("The settings"), tuple(sweep.table(of))),
        Section("figures", of.say("Figures of the sweep"), tuple(sweep.figures(of))),
        Section("asked", of.say("What was asked"), tuple(sweep.asked(of))),
        *(_best(best) if best else []),
        Section("again", of.say("Do it again"), tuple(again_sweep(of, rows))),
    ]
    title = of.say(
        "{n} models on {name}",
        n=summary.get("models", len(of.table)),
        name=shared(str(summary.get("dataset", ""))),
    )
    return Page(title, _facts(of.folder, summary), of.language, tuple(sections))


def _best(of: Subject) -> list[Section]:
    """The parts of a sweep's best model."""
    title = "The best setting, trained again on all training rows"
    recorded = recorded_of(of.run.folder).get("versions", {})
    return [
        of.section("data", "The data", provenance.data),
        *_judge_sections(of),
        of.section("best", title, provenance.run_options),
        Section("ran-with", of.say("Ran with"), tuple(provenance.ran_with(of, recorded))),
    ]


def _infer_sections(of: Subject) -> list[Section]:
    """Estimates with their errors, where a summary was asked for."""
    if not estimates.is_inferred(of):
        return []
    return [
        of.section("estimates", "Estimates", estimates.estimates),
        of.section("fit", "Residuals and fit", estimates.fit),
    ]


def _judge_sections(of: Subject) -> list[Section]:
    """What the model gets right and wrong, and what it looks at."""
    card = of.run.card
    if not card.classes:
        is_told = estimates.is_inferred(of)  # then they are among the estimates
        weights = [] if is_told else [of.section("classes", "Coefficients", quality.classes)]
        if of.run.is_module or card.image_shape is None:
            return weights
        return [*weights, of.section("templates", "Templates", views.templates)]
    looks = of.section("templates", "Templates", views.templates)
    if not of.run.is_module and card.image_shape is None:
        looks = of.section("templates", "Coefficients", quality.coefficients)
    return [
        of.section("classes", "Each class", quality.classes),
        of.section("confusion", "Confusion matrix", quality.confusion),
        of.section("reliability", "Reliability", quality.calibration),
        looks,
        of.section("top-losses", "Top losses", views.top_losses),
        of.section("label-errors", "Likely label errors", views.doubtful_labels),
    ]


def _title(of: Subject) -> str:
    is_own = of.run.is_module
    kind = of.say("a module of yours") if is_own else name_model(of.run.card.loss, of.language)
    return of.say("{kind} on {name}", kind=kind, name=shared(of.run.card.dataset))


def _facts(folder: Path | None, recorded: dict[str, Any]) -> str:
    version = recorded.get("versions", {}).get("linnet", "")
    parts = [
        str(folder.name) if folder else "",
        str(recorded.get("finished", "")),
        version and f"linnet {version}",
    ]
    return " · ".join(part for part in parts if part)


def recorded_of(folder: Path | None) -> dict[str, Any]:
    """What run.json says, where there is one."""
    return {} if folder is None or not (folder / RUN).is_file() else read(folder).values
