"""The parts of a page on where a run comes from: its options, data and versions, and how to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from linnet.config import Recipe, as_dict
from linnet.data.dataset import Dataset
from linnet.data.origin import Origin, read_record
from linnet.device import versions
from linnet.plot.words import Language
from linnet.record.paths import shared
from linnet.record.reproduce import Reproduction, of_solve, of_sweep, of_training
from linnet.report.blocks import Block, Code, Facts, Table, Text, value
from linnet.report.subject import Rows, Subject, at_hand, is_loadable
from linnet.report.sweep import Swept
from linnet.report.words import say

NESTED = ("certificate", "call", "grid", "settings")
"""Keys that a table of options leaves to other parts."""

IN_MEMORY = "The rows of {name} are not at hand: they were in memory when it was trained."
UNSAID = "The solver or the loss was given as an object that no file can name: there are no lines to give."

LISTED = 30
"""Classes whose rows are counted one by one."""


def run_options(of: Subject) -> list[Block]:
    """The options, those that are not the usual ones standing out."""
    return options(of, of.run.asked, usual(of.run.asked, bool(of.run.card.classes)))


def usual(given: Mapping[str, Any], is_classification: bool) -> dict[str, Any]:
    """What `linnet train` takes where nothing is said; nothing for what it did not train."""
    return as_dict(Recipe().resolved(is_classification)) if "batch_size" in given else {}


def options(of: Subject, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[Block]:
    """A table of options."""
    names = [name for name, value in given.items() if name not in NESTED and value is not None]
    changed = [name for name in names if name in defaults and given[name] != defaults[name]]
    ordered = [*changed, *(name for name in names if name not in changed)]
    rows = [(name, value(given[name])) for name in ordered]
    if not changed:
        return [Facts(tuple(rows))]
    rows[: len(changed)] = [
        (name, of.say("{value}, not {usual}", value=value(given[name]), usual=value(defaults[name])))
        for name in changed
    ]
    note = Text(of.say("Options that are not the usual ones stand first."), "note")
    return [note, Facts(tuple(rows), len(changed))]


def data(of: Subject) -> list[Block]:
    """What the rows are."""
    run, card = of.run, of.run.card
    rows = [(of.say("name"), shared(card.dataset))]
    rows += [(of.say("target"), card.target)] if card.target else []
    known = of.rows.train
    kept = None if known is None else known.validation
    parts = (("training rows", known), ("rows set aside to validate on", kept), ("test rows", of.rows.test))
    for said, part in parts:
        if part is not None:
            rows.append((of.say(said), f"{len(part):,}"))
    if known is not None:
        is_named = shared(known.source) in ("", shared(card.dataset))
        rows += [] if is_named else [(of.say("source"), shared(known.source))]
        rows.append((of.say("features"), f"{known.features:,} ({str(known.X.dtype).removeprefix('torch.')})"))
    if card.image_shape:
        rows.append((of.say("images"), f"{card.image_shape[0]} × {card.image_shape[1]}"))
    rows.append((of.say("features are multiplied by"), f"{card.scale:.6g}"))
    if run.dataset_checksum:
        rows.append((of.say("SHA-256 of the training rows"), run.dataset_checksum))
    blocks: list[Block] = [Facts(tuple(rows), is_wide=True)]
    if of.rows.reason:
        blocks.append(Text(of.say(of.rows.reason, **(of.rows.values or {})), "missing"))
    if card.classes and known is not None:
        blocks.append(_counts(of, known))
    return blocks


def _counts(of: Subject, train: Dataset) -> Block:
    """Rows of each class, one by one unless they are alike or many."""
    parts = [train, *([of.rows.test] if of.rows.test is not None else [])]
    heads = [of.say("class"), of.say("training rows"), of.say("test rows")][: 1 + len(parts)]
    counts = [torch.bincount(part.labels.cpu(), minlength=part.outputs).tolist() for part in parts]
    classes, low, high = of.run.card.classes, min(counts[0]), max(counts[0])
    if len(classes) > LISTED or (low == high and len(set(counts[-1])) == 1):
        ends = f"{low:,}" if low == high else f"{low:,} … {high:,}"
        return Text(of.say("{n} classes of {ends} training rows each.", n=len(classes), ends=ends))
    rows = [(name, *(f"{numbers[k]:,}" for numbers in counts)) for k, name in enumerate(classes)]
    return Table(tuple(heads), tuple(rows))


def ran_with(of: Subject, recorded: Mapping[str, str]) -> list[Block]:
    """Versions and machine, as they were when it ran."""
    return [Facts(tuple((name, str(text)) for name, text in (recorded or versions()).items()), is_wide=True)]


def again(of: Subject) -> list[Block]:
    """The lines that do a run again."""
    run = of.run
    if run.is_module:
        return [Text(of.say("The run trained a module of yours, which linnet cannot make again."), "missing")]
    rows, refused = _check_rows(
        of.rows, run.card.dataset, run.asked, run.dataset_checksum, run.origin, of.language
    )
    seed = rows.seed if rows.train is not None else int(run.asked.get("seed", 0))
    found = of_training(run, seed) if "batch_size" in run.asked else of_solve(run, seed)
    if found is None:
        return [Text(of.say(UNSAID), "missing")]
    if refused:
        return refused
    notes: list[Block] = []
    if run.status != "completed" and "patience" not in run.asked:
        said = "The run ended early ({status}); these lines go on to the end."
        notes.append(Text(of.say(said, status=run.status), "missing"))
    return [*notes, *_lines(found, of.language)]


def again_sweep(of: Swept, rows: Rows | None) -> list[Block]:
    """The lines that do a sweep again."""
    summary, given = of.summary, of.summary["asked"]
    if not given:
        said = "A study's settings depend on all that was tried before: do its best setting again, in best/."
        return [Text(of.say(said), "missing")]
    name = str(summary.get("dataset", ""))
    checksum = str(summary.get("dataset_checksum", ""))
    rows, refused = _check_rows(
        rows or Rows(None, None), name, given, checksum, read_record(summary), of.language
    )
    seed = rows.seed if rows.train is not None else int(given.get("seed", 1))
    return refused or _lines(of_sweep(name, given, seed), of.language)


def _check_rows(
    rows: Rows, name: str, asked: dict[str, Any], checksum: str, origin: Origin | None, language: Language
) -> tuple[Rows, list[Block]]:
    """The rows as linnet itself loads them, and why there can be no lines where they are others."""
    if not is_loadable(name):
        return rows, [Text(say(IN_MEMORY, language, name=name), "missing")]
    if not rows.is_catalog:
        rows = at_hand(name, asked, checksum, origin)
    if rows.reason and not rows.is_absent:
        return rows, [Text(say(rows.reason, language, **(rows.values or {})), "missing")]
    return rows, []


def _lines(found: Reproduction, language: Language) -> list[Block]:
    blocks: list[Block] = []
    if found.command:
        blocks.append(Code(say("As a command:", language), found.command))
    blocks.append(Code(say("As Python:", language), found.python))
    if found.files:
        said = (
            "Run these lines in the folder that holds {files}: a page leaves out where that is. The weights "
            "are the same; the model's file differs in the name of its data."
        )
        blocks.append(Text(say(said, language, files=", ".join(found.files)), "note"))
    if found.is_elsewhere:
        said = (
            "Its files are looked for where linnet looks; if they are elsewhere, say --data-dir, data_dir=."
        )
        blocks.append(Text(say(said, language), "note"))
    said = "The same data, versions, machine and threads give the same bytes: linnet replay RUN checks it."
    return [*blocks, Text(say(said, language), "note")]
