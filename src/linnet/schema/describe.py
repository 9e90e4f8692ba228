"""How a table was read, in a few lines: what is predicted and why, the kinds of columns, what is left out."""

from __future__ import annotations

from linnet.config.table import KINDS
from linnet.i18n import Language, say, say_number, translate, translate_behind
from linnet.schema.category import Category
from linnet.schema.schema import Schema

LISTED = 6
"""Names of columns that a line lists."""

PLAIN = ("number", "truth")
"""Kinds that become one column, their gaps aside."""


def describe(schema: Schema, language: Language = "en") -> list[str]:
    """The lines, of which the first says what is predicted and by what.

    Args:
        schema: of the table, fitted.
        language: "en" or "zh"; reasons and notes that have no translation stay English.
    """
    target = schema.target
    task = say(f"table.{target.task}", language, n=len(target.classes))
    semicolon = say("table.semicolon", language)
    why = semicolon.join(translate(part, "schema", language) for part in target.why.split("; "))
    lines = [
        say("table.predicting", language, name=target.what, why=why, task=task, by=_by(schema, language))
    ]
    if len(target.classes) == 2:
        other, positive = target.classes
        lines.append(say("table.positive", language, name=positive, other=other))
    if schema.formula:
        n = f"{len(schema.features):,}"
        lines.append(say("table.formula", language, formula=schema.formula, n=n))
    gaps = [one.name for one in schema.columns if one.had_gaps]
    rare = [one.name for one in schema.columns if isinstance(one, Category) and one.has_other]
    lines += [say("table.gaps", language, names=_list(gaps, language))] if gaps else []
    lines += [say("table.rare", language, names=_list(rare, language))] if rare else []
    if schema.left_out:
        reasons = (
            say("table.reason", language, name=name, why=translate(why, "schema", language))
            for name, why in schema.left_out.items()
        )
        lines.append(say("table.left_out", language, names=semicolon.join(reasons)))
    if schema.split:
        values = {name: f"{n:,}" if isinstance(n, int) else n for name, n in schema.split.items()}
        lines.append(say(f"table.split_{schema.split['by']}", language, **values))
    if untrained := schema.split.get("untrained"):
        lines.append(say("table.untrained", language, names=_list(untrained, language)))
    return [*lines, *(translate_behind(note, "schema", language) for note in schema.notes)]


def _by(schema: Schema, language: Language) -> str:
    parts = []
    for kind in KINDS:
        columns = [column for column in schema.columns if column.kind == kind]
        if not columns:
            continue
        part = say(f"table.{kind}{'s' * (len(columns) > 1)}", language, n=f"{len(columns):,}")
        if kind not in PLAIN:
            part += say_number("table.encoded", language, sum(len(one.features) for one in columns))
        parts.append(part)
    return say("table.comma", language).join(parts)


def _list(names: list[str], language: Language) -> str:
    return say("table.comma", language).join(names[:LISTED]) + (
        f", … ({len(names)})" if len(names) > LISTED else ""
    )
