"""The part of a page that says how to do it again."""

from __future__ import annotations

from typing import Any

from linnet.data.origin import Origin, read_record
from linnet.plot.words import Language
from linnet.record.reproduce import Reproduction, of_solve, of_sweep, of_training
from linnet.report.blocks import Block, Code, Text
from linnet.report.rows import Rows, at_hand, is_loadable
from linnet.report.subject import Subject
from linnet.report.sweep import Swept
from linnet.report.words import say

IN_MEMORY = "The rows of {name} are not at hand: they were in memory when it was trained."
UNSAID = "The solver or the loss was given as an object that no file can name: there are no lines to give."


def again(of: Subject) -> list[Block]:
    """The lines that do a run again."""
    run = of.run
    if run.is_module:
        return [Text(of.say("The run trained a module of yours, which linnet cannot make again."), "missing")]
    rows, refused = _checked(
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
    rows, refused = _checked(
        rows or Rows(None, None), name, given, checksum, read_record(summary), of.language
    )
    seed = rows.seed if rows.train is not None else int(given.get("seed", 1))
    return refused or _lines(of_sweep(name, given, seed), of.language)


def _checked(
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
