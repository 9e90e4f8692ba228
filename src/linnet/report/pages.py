"""The sections of a page, in order: of a run or a solve, and of a sweep or a tune."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linnet.config.losses import name_model
from linnet.folders import RUN, read
from linnet.record.paths import shared
from linnet.report import coefficients, provenance, quality, regression, sweep, views
from linnet.report.blocks import Block, Page, Section
from linnet.report.provenance import again, again_sweep
from linnet.report.subject import Rows, Subject
from linnet.report.sweep import Swept


def page_of_run(of: Subject) -> Page:
    """The page of a run or a solve."""
    recorded = read_summary(of.run.folder)
    is_solve = of.run.optimum is not None and bool(of.run.optimum.certificate)
    sections = [
        of.section("glance", "report.title.glance", quality.glance),
        *([of.section("certificate", "report.title.certificate", quality.certificate)] if is_solve else []),
        *_infer_sections(of),
        of.section("asked", "report.title.asked", provenance.run_options),
        of.section("data", "report.title.data", provenance.data),
        *([of.section("path", "report.title.path", views.path)] if views.has_path(of) else []),
        of.section("curves", "report.title.optimum" if is_solve else "report.title.curves", views.curves),
        *_judge_sections(of),
        of.section("ran-with", "report.title.ran_with", lambda of: provenance.ran_with(recorded)),
        of.section("again", "report.title.again", again),
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
    sections = [
        (best or of).section("glance", "report.title.glance", quality.glance if best else _missing_best),
        of.section("choice", "report.title.choice", lambda of: sweep.choice(of, tested)),
        of.section("settings", "report.title.settings", sweep.table),
        of.section("figures", "report.title.sweep_figures", sweep.figures),
        of.section("asked", "report.title.asked", sweep.options),
        *(_best(best) if best else []),
        of.section("again", "report.title.again", lambda of: again_sweep(of, rows)),
    ]
    title = of.say(
        "report.sweep_title",
        n=summary.get("models", len(of.table)),
        name=shared(str(summary.get("dataset", ""))),
    )
    return Page(title, _facts(of.folder, summary), of.language, tuple(sections))


def _missing_best(of: Swept) -> list[Block]:
    return [of.missing("report.not_refitted")]


def _best(of: Subject) -> list[Section]:
    """The parts of a sweep's best model."""
    recorded = read_summary(of.run.folder)
    return [
        of.section("data", "report.title.data", provenance.data),
        *_judge_sections(of),
        of.section("best", "report.title.best", provenance.run_options),
        of.section("ran-with", "report.title.ran_with", lambda of: provenance.ran_with(recorded)),
    ]


def _infer_sections(of: Subject) -> list[Section]:
    """Estimates with their errors, where a summary was asked for."""
    if not of.is_inferred:
        return []
    from linnet.report import estimates  # with all of inference, which most pages do without

    return [
        of.section("estimates", "report.title.estimates", estimates.estimates),
        of.section("fit", "report.title.fit", estimates.fit),
    ]


def _judge_sections(of: Subject) -> list[Section]:
    """Sections on the model's mistakes and on its weights."""
    card = of.run.card
    if not card.classes:
        is_told = of.is_inferred  # then they are among the estimates
        weights = [] if is_told else [of.section("classes", "report.title.coefficients", quality.classes)]
        if of.run.is_module:
            return weights
        if card.image_shape is not None:
            weights.append(of.section("templates", "report.title.templates", views.templates))
        return [*weights, *_error_sections(of, is_told)]
    looks = of.section("templates", "report.title.templates", views.templates)
    if not of.run.is_module and card.image_shape is None:
        looks = of.section("templates", "report.title.coefficients", coefficients.coefficients)
    return [
        of.section("classes", "report.title.classes", quality.classes),
        of.section("confusion", "report.title.confusion", quality.confusion),
        of.section("reliability", "report.title.reliability", quality.calibration),
        looks,
        of.section("top-losses", "report.title.top_losses", views.top_losses),
        of.section("label-errors", "report.title.label_errors", views.doubtful_labels),
    ]


def _error_sections(of: Subject, is_told: bool) -> list[Section]:
    """Sections on the errors of a regression, but for residuals that stand with its estimates."""
    told = [] if is_told else [of.section("residuals", "report.title.residuals", regression.residuals)]
    return [
        *told,
        of.section("leverage", "report.title.leverage", regression.leverage),
        of.section("intervals", "report.title.intervals", regression.intervals),
    ]


def _title(of: Subject) -> str:
    kind = of.say("report.module") if of.run.is_module else name_model(of.run.card.loss, of.language)
    return of.say("report.run_title", kind=kind, name=shared(of.run.card.dataset))


def _facts(folder: Path | None, recorded: dict[str, Any]) -> str:
    version = recorded.get("versions", {}).get("linnet", "")
    parts = [
        str(folder.name) if folder else "",
        str(recorded.get("finished", "")),
        version and f"linnet {version}",
    ]
    return " · ".join(part for part in parts if part)


def read_summary(folder: Path | None) -> dict[str, Any]:
    """The values of run.json; none where there is no such file."""
    return {} if folder is None or not (folder / RUN).is_file() else read(folder).values
