"""Provenance: a run's options, data and versions, and the code that does it again, as parts of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from linnet.config import Recipe, SolveRequest, SweepRequest, TuneRequest, as_dict
from linnet.data.dataset import Dataset
from linnet.data.origin import Origin, read_record
from linnet.data.pictures.shape import name_shape
from linnet.device import versions
from linnet.model.run import Run
from linnet.record.paths import shared
from linnet.record.reproduce import Reproduction, reproduce, reproduce_sweep, reproduce_tune
from linnet.report.blocks import Block, Code, Facts, Table, Text, value
from linnet.report.subject import Localized, Rows, Subject, find_rows, is_loadable
from linnet.report.sweep import Swept
from linnet.schema.describe import describe

LISTED = 30
"""Classes whose rows are counted one by one."""


def run_options(of: Subject) -> list[Block]:
    """The options, those that are not the usual ones standing out."""
    return options(of, options_of(of.run), default_options(of.run))


def options_of(run: Run) -> dict[str, Any]:
    """The options of a run: of its request, of its data's origin, and of the solver that was taken."""
    found: dict[str, Any] = {} if run.request is None else as_dict(run.request)
    found = found if run.solved is None else _keep_in_force(found, run.solved)
    if run.optimum is not None:
        found |= {"solver": run.optimum.solver, "status": run.optimum.status}
        found |= {f"solver.{name}": value for name, value in run.optimum.options.items()}
    return found | _read_paths(run.origin)


def _keep_in_force(options: dict[str, Any], request: SolveRequest) -> dict[str, Any]:
    """The options of a solve without those that mean nothing beside its others."""
    idle = set() if request.summary else {"summary", "covariance", "level", "weight_kind"}
    if not request.summary and request.path is None:
        idle.add("seed")
    if request.loss != "huber":
        idle.add("huber")
    if request.path is None:
        idle |= {"path_penalty", "folds"}
    idle |= {
        name for name, usual in (("class_weight", "none"), ("standardize", False)) if options[name] == usual
    }
    return {name: value for name, value in options.items() if name not in idle}


def _read_paths(origin: Origin | None) -> dict[str, Any]:
    known = {} if origin is None else origin.to_json()
    return {name: known[name] for name in ("data_dir", "sample_weight") if known.get(name)}


def default_options(run: Run) -> dict[str, Any]:
    """The defaults of `linnet train`; none for what it did not train."""
    if run.fitted is None:
        return {}
    usual = as_dict(Recipe().resolved(bool(run.card.classes)))
    by_rows = () if run.card.schema is None else ("epochs", "batch_size")  # which the card does not count
    return {name: value for name, value in usual.items() if name not in by_rows}


def options(of: Subject, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[Block]:
    """A table of options."""
    names = [name for name, value in given.items() if value is not None]
    changed = [name for name in names if name in defaults and given[name] != defaults[name]]
    ordered = [*changed, *(name for name in names if name not in changed)]
    rows = [(name, value(given[name])) for name in ordered]
    if not changed:
        return [Facts(tuple(rows))]
    rows[: len(changed)] = [
        (name, of.say("report.not_usual", value=value(given[name]), usual=value(defaults[name])))
        for name in changed
    ]
    note = of.note("report.options_note")
    return [note, Facts(tuple(rows), len(changed))]


def data(of: Subject) -> list[Block]:
    """The data set: its name, sizes and features, and the rows of each class."""
    run, card = of.run, of.run.card
    rows = [(of.say("report.name"), shared(card.dataset))]
    rows += [(of.say("report.target"), card.target)] if card.target else []
    known = of.rows.train
    kept = None if known is None else known.validation
    parts = (
        ("report.training_rows", known),
        ("report.validation_rows", kept),
        ("report.test_rows", of.rows.test),
    )
    for said, part in parts:
        if part is not None:
            rows.append((of.say(said), f"{len(part):,}"))
    if known is not None:
        is_named = shared(known.source) in ("", shared(card.dataset))
        rows += [] if is_named else [(of.say("report.source"), shared(known.source))]
        rows.append((of.say("report.features"), f"{known.features:,} ({known.dtype})"))
    if card.image_shape:
        rows.append((of.say("report.images"), name_shape(card.image_shape)))
    rows.append((of.say("report.scale"), f"{card.scale:.6g}"))
    if run.dataset_checksum:
        rows.append((of.say("report.checksum"), run.dataset_checksum))
    blocks: list[Block] = [Facts(tuple(rows), is_wide=True)]
    lines = [] if card.schema is None else describe(card.schema, of.language)
    blocks += [Text(line, "note") for line in lines]
    if of.rows.reason:
        blocks.append(of.missing(of.rows.reason, **of.rows.values))
    if card.classes and known is not None:
        blocks.append(_count_classes(of, known))
    return blocks


def _count_classes(of: Subject, train: Dataset) -> Block:
    """Rows of each class, one by one unless they are alike or many."""
    parts = [train, *([of.rows.test] if of.rows.test is not None else [])]
    heads = [of.say("report.class"), of.say("report.training_rows"), of.say("report.test_rows")][
        : 1 + len(parts)
    ]
    counts = [np.bincount(part.arrays.labels, minlength=part.outputs).tolist() for part in parts]
    classes, low, high = of.run.card.classes, min(counts[0]), max(counts[0])
    if len(classes) > LISTED or (low == high and len(set(counts[-1])) == 1):
        ends = f"{low:,}" if low == high else f"{low:,} … {high:,}"
        return Text(of.say("report.alike_classes", n=len(classes), ends=ends))
    rows = [(name, *(f"{numbers[k]:,}" for numbers in counts)) for k, name in enumerate(classes)]
    return Table(tuple(heads), tuple(rows))


def ran_with(recorded: Mapping[str, Any]) -> list[Block]:
    """Versions and machine, as they were when it ran."""
    known = recorded.get("versions") or versions()
    return [Facts(tuple((name, str(text)) for name, text in known.items()), is_wide=True)]


def again(of: Subject) -> list[Block]:
    """The lines that do a run again."""
    run = of.run
    if run.is_module:
        return [of.missing("report.again.module")]
    refused = _refuse(of, of.rows, run.card.dataset, run.dataset_checksum, run.origin)
    if (found := reproduce(run)) is None and (run.solved or not refused):
        return [of.missing("report.again.object")]
    if refused or found is None:
        return refused
    notes: list[Block] = []
    if run.status != "completed" and not (run.fitted and run.fitted.patience):
        notes.append(of.missing("report.again.ended_early", status=run.status))
    return [*notes, *_show_code(of, found)]


def again_sweep(of: Swept, rows: Rows | None) -> list[Block]:
    """The lines that do a sweep again, or a study that was begun by it."""
    summary, request = of.summary, of.request
    if isinstance(request, TuneRequest) and (not request.sampler or summary["trials"] != request.trials):
        return [of.missing("report.again.study")]
    name = str(summary.get("dataset", ""))
    checksum = str(summary.get("dataset_checksum", ""))
    origin = read_record(summary)
    refused = _refuse(of, rows or Rows(None, None), name, checksum, origin)
    if refused or origin is None:
        return refused
    if isinstance(request, SweepRequest):
        return _show_code(of, reproduce_sweep(request, origin))
    return _show_code(of, reproduce_tune(request, origin), "report.again.new_study")


def _refuse(of: Localized, rows: Rows, name: str, checksum: str, origin: Origin | None) -> list[Block]:
    """The reason for leaving the code out where the rows cannot be loaded again; empty where they can."""
    if not is_loadable(name, origin):
        return [of.missing("report.rows.in_memory", name=name)]
    if not rows.is_catalog:
        rows = find_rows(name, origin, checksum)
    if rows.reason and not rows.is_absent:
        return [of.missing(rows.reason, **rows.values)]
    return []


def _show_code(of: Localized, found: Reproduction, note: str = "report.again.same_bytes") -> list[Block]:
    """The code, with what has to be known of it."""
    blocks: list[Block] = []
    if found.command:
        blocks.append(Code(of.say("report.again.command"), found.command))
    blocks.append(Code(of.say("report.again.python"), found.python))
    if found.files:
        blocks.append(of.note("report.again.files", files=", ".join(found.files)))
    if found.is_elsewhere:
        blocks.append(of.note("report.again.elsewhere"))
    return [*blocks, of.note(note)]
