"""What a run was asked, its data, and what it ran with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from linnet.config import Recipe, as_dict
from linnet.data.dataset import Dataset
from linnet.model.run import versions
from linnet.record.paths import shared
from linnet.report.blocks import Block, Facts, Table, Text
from linnet.report.subject import Subject

NESTED = ("certificate", "call", "grid", "settings")
"""Keys that a table of options leaves to other parts."""

LISTED = 30
"""Classes whose rows are counted one by one."""


def asked(of: Subject) -> list[Block]:
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


def value(of: Any) -> str:
    """An option's value, in few characters."""
    if isinstance(of, bool) or of is None:
        return {True: "yes", False: "no", None: "none"}[of]
    return f"{of:.10g}" if isinstance(of, float) else shared(str(of))
