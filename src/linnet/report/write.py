"""`write`: a run, a sweep or a solve as one HTML page in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from linnet import files
from linnet.data.catalog import NAMES
from linnet.data.dataset import Dataset
from linnet.errors import DataNotFoundError, FormatError
from linnet.plot.words import Language, check
from linnet.report import asked, quality, solved, sweep, views
from linnet.report.blocks import Block, Code, Page, Section, Text
from linnet.report.page import render
from linnet.report.reproduce import Reproduction, of_solve, of_sweep, of_training
from linnet.report.rows import Rows, at_hand
from linnet.report.subject import Subject
from linnet.report.sweep import SUMMARIES, Swept
from linnet.report.words import say
from linnet.train.run import Run

NAME = "report.html"
KINDS = {
    "softmax": "softmax regression", "logistic": "logistic regression", "squared": "linear regression",
    "huber": "robust regression", "absolute": "median regression",
}  # fmt: skip


def write(
    of: Run | Path | str,
    out: Path | str | None = None,
    *,
    language: Language = "en",
    train: Dataset | None = None,
    test: Dataset | None = None,
    label_errors: bool = False,
) -> Path:
    """Write the page of a run, a sweep or a solve: one file, which asks for nothing when it is opened.

    What a part lacks to be made is said in its place.

    Args:
        of: the folder, or a run that is in none.
        out: the file; report.html in the folder when None.
        language: "en" or "zh".
        train: the training rows, where they are at hand; else they are loaded, if they are one of linnet's
            data sets.
        test: the rows to judge it by, likewise.
        label_errors: look for training rows with wrong labels, which trains a model a fold.

    Returns:
        Where it was written.

    Raises:
        DataNotFoundError: there is nothing in the folder, or no `out` for a run that is in none.
        FormatError, ChecksumError: a file in it is not whole.
        OSError: the file cannot be written.
    """
    check(language)
    rows = None if train is None else Rows(train, test)
    folder = of.folder if isinstance(of, Run) else Path(of)
    if out is None and folder is None:
        raise DataNotFoundError("this run is in no folder: give out=, the file to write")
    path = Path(out) if out is not None else Path(folder or "", NAME)
    if isinstance(of, Run) or not is_sweep(Path(of)):
        run = of if isinstance(of, Run) else Run.load(of)
        page = _page_of_run(_subject(run, rows, language, label_errors))
    else:
        page = _page_of_sweep(Swept(Path(of), language), rows, label_errors)
    files.write(path, render(page))
    return path


def is_sweep(folder: Path) -> bool:
    """Whether a folder is of a sweep or a tune."""
    return any((folder / name).is_file() for name in SUMMARIES)


def _subject(run: Run, rows: Rows | None, language: Language, label_errors: bool) -> Subject:
    if rows is None and not run.is_module:
        rows = at_hand(run.card.dataset, run.asked, run.dataset_checksum)
    return Subject(run, rows or Rows(None, None), language, with_label_errors=label_errors)


def _page_of_run(of: Subject) -> Page:
    recorded = _recorded(of.run.folder)
    is_solve = "certificate" in of.run.asked
    sections = [
        of.section("glance", "At a glance", quality.glance),
        *([of.section("certificate", "Certificate", solved.certificate)] if is_solve else []),
        of.section("asked", "What was asked", asked.asked),
        of.section("data", "The data", asked.data),
        of.section("curves", "The way to the optimum" if is_solve else "Learning curves", views.curves),
        *_judged(of),
        Section("ran-with", of.say("Ran with"), tuple(asked.ran_with(of, recorded.get("versions", {})))),
        Section("again", of.say("Do it again"), tuple(_again(of))),
    ]
    return Page(_title(of), _facts(of.run.folder, recorded), of.language, tuple(sections))


def _page_of_sweep(of: Swept, rows: Rows | None, label_errors: bool) -> Page:
    summary, language = of.summary, of.language
    name = str(summary.get("dataset", ""))
    found = None
    if (of.folder / "best" / "run.json").is_file():
        found = _subject(Run.load(of.folder / "best"), rows, language, label_errors)
    said = "The best setting has not been trained again on all rows yet: result.refit(test)."
    missing = Text(say(said, language), "missing")
    glance = (
        found.section("glance", "At a glance", quality.glance)
        if found
        else Section("glance", say("At a glance", language), (missing,))
    )
    kind = str(summary["metric"]).removeprefix("validation_")
    tested = found.run.history.last.get(f"test_{kind}") if found else None
    title = say("{n} models on {name}", language, n=summary.get("models", len(of.table)), name=name)
    sections = [
        glance,
        Section("choice", say("How honest the choice is", language), tuple(sweep.choice(of, tested))),
        Section("settings", say("The settings", language), tuple(sweep.table(of))),
        Section("figures", say("Figures of the sweep", language), tuple(sweep.figures(of))),
        Section("asked", say("What was asked", language), tuple(sweep.asked(of))),
        *([found.section("data", "The data", asked.data)] if found else []),
        *(_judged(found) if found else []),
        Section("again", say("Do it again", language), tuple(_again_sweep(of, name))),
    ]
    if found:
        best = of.say("The best setting, trained again on all training rows")
        options = asked.options(
            found, found.run.asked, asked.usual(found.run.asked, bool(found.run.card.classes))
        )
        sections.insert(-1, Section("best", best, tuple(options)))
        recorded = _recorded(found.run.folder).get("versions", {})
        sections.insert(-1, Section("ran-with", of.say("Ran with"), tuple(asked.ran_with(found, recorded))))
    return Page(title, _facts(of.folder, summary), language, tuple(sections))


def _judged(of: Subject) -> list[Section]:
    """What the model gets right and wrong, and what it looks at."""
    head = "Each class" if of.run.card.classes else "Coefficients"
    parts = [
        of.section("classes", head, quality.classes),
        of.section("templates", "Templates", views.templates),
    ]
    if of.run.card.classes:
        parts[1:1] = [
            of.section("confusion", "Confusion matrix", quality.confusion),
            of.section("reliability", "Reliability", quality.calibration),
        ]
        parts += [
            of.section("top-losses", "Top losses", views.top_losses),
            of.section("label-errors", "Likely label errors", views.doubtful_labels),
        ]
    return parts


def _again(of: Subject) -> list[Block]:
    """The lines that do a run again."""
    run, rows = of.run, of.rows
    if run.is_module:
        return [Text(of.say("The run trained a module of yours, which linnet cannot make again."), "missing")]
    if run.card.dataset not in NAMES:
        said = "The rows of {name} are not at hand: they were in memory when it was trained."
        return [Text(of.say(said, name=run.card.dataset), "missing")]
    seed = rows.seed or int(run.asked.get("seed", 0))
    found = of_training(run, seed) if "batch_size" in run.asked else of_solve(run, seed)
    if found is None:
        return [Text(of.say("The solver was given as an object, which a file cannot name."), "missing")]
    notes: list[Block] = []
    if rows.reason:
        notes.append(Text(of.say(rows.reason, **(rows.values or {})), "missing"))
    if run.status != "completed" and "patience" not in run.asked:
        said = "The run ended early ({status}); these lines go on to the end."
        notes.append(Text(of.say(said, status=run.status), "missing"))
    return [*notes, *_lines(found, of.language)]


def _again_sweep(of: Swept, name: str) -> list[Block]:
    given = of.summary["asked"]
    if not given:
        said = "A study's settings depend on all that was tried before: do its best setting again, in best/."
        return [Text(of.say(said), "missing")]
    if name not in NAMES:
        said = "The rows of {name} are not at hand: they were in memory when it was trained."
        return [Text(of.say(said, name=name), "missing")]
    return _lines(of_sweep(name, given), of.language)


def _lines(found: Reproduction, language: Language) -> list[Block]:
    blocks: list[Block] = []
    if found.command:
        blocks.append(Code(say("As a command:", language), found.command))
    blocks.append(Code(say("As Python:", language), found.python))
    said = "The same data, versions, machine and threads give the same bytes: linnet replay RUN checks it."
    return [*blocks, Text(say(said, language), "note")]


def _title(of: Subject) -> str:
    kind = "a module of yours" if of.run.is_module else KINDS.get(of.run.card.loss, "a model")
    return of.say("{kind} on {name}", kind=of.say(kind), name=of.run.card.dataset)


def _facts(folder: Path | None, recorded: dict[str, Any]) -> str:
    version = recorded.get("versions", {}).get("linnet", "")
    parts = [
        str(folder.name) if folder else "",
        str(recorded.get("finished", "")),
        version and f"linnet {version}",
    ]
    return " · ".join(part for part in parts if part)


def _recorded(folder: Path | None) -> dict[str, Any]:
    """What run.json says, where there is one."""
    if folder is None or not (folder / "run.json").is_file():
        return {}
    try:
        found = json.loads((folder / "run.json").read_text("utf-8"))
    except ValueError as error:
        raise FormatError(f"{folder / 'run.json'} is not valid JSON: {error}") from error
    return found if isinstance(found, dict) else {}
