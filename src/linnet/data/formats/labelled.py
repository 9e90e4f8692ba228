"""Tables of statistics packages (Stata, SPSS, SAS), whose codes may have labels, to a frame of pandas."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from linnet.config.table import TableOptions
from linnet.data.formats.apart import read_apart
from linnet.data.formats.text_table import TextTable
from linnet.errors import FormatError, UsageError, needs_extra
from linnet.i18n import say
from linnet.schema.category import as_text
from linnet.schema.cells import Cells

WAYS = {
    ".dta": "read_dta", ".sav": "read_sav", ".zsav": "read_sav", ".por": "read_por",
    ".sas7bdat": "read_sas7bdat", ".xpt": "read_xport",
}  # fmt: skip
"""What reads a format, by its suffix."""

LISTED = 3
"""Labels that a note names."""

ENCODING = re.compile(r"encoding|codec|convert.*string", re.IGNORECASE)
"""In the reason why a file is not read whose characters are the reason."""

Labels = Mapping[Any, str]


def read_labelled(source: bytes | Path, name: str, options: TableOptions) -> TextTable:
    """The cells of a table of Stata, SPSS or SAS.

    A column whose values all have labels holds these; one of which some have holds its codes, and that is
    said. What the packages call missing, by a user's choice or with a letter, is a gap.

    Args:
        source: the file, or what stands in it.
        name: what to call it.
        options: which columns are to be taken as numbers, by their codes, or as categories, by their labels.

    Raises:
        FormatError: it is not what its suffix says.
        MissingExtraError: pyreadstat is not installed.
    """
    suffix = next(end for end in reversed(PurePath(name.lower()).suffixes) if end in WAYS)
    with needs_extra(f"a {suffix} file", "stata"):
        importlib.import_module("pyreadstat")
    if options.encoding is not None and suffix == ".por":
        raise UsageError(f"{name} tells its characters by itself: leave out --encoding")
    said = {"encoding": options.encoding} if options.encoding is not None else {}
    try:
        frame, found = read_apart(WAYS[suffix], source, said)
    except FormatError as error:
        hint = ". Say its encoding, such as --encoding latin-1" if ENCODING.search(str(error)) else ""
        raise FormatError(f"{name} cannot be read as a {suffix} file: {error}{hint}") from error
    notes = list[str]()
    for column, labels in found.items():
        if column in frame.columns:
            frame[column], said_of = _labelled(frame[column], _texts(labels), column, options)
            notes += said_of
    return TextTable(frame, tuple(notes))


def _texts(labels: Iterable[tuple[Any, Any]]) -> dict[Any, str]:
    """Labels without space around them; an empty one is none."""
    return {code: str(label).strip() for code, label in labels if str(label).strip()}


def _labelled(cells: Cells, labels: Labels, name: str, options: TableOptions) -> tuple[Cells, list[str]]:
    """A column by its labels or by its codes, and what is to be said of it."""
    codes = sorted(cells.dropna().unique().tolist())
    found = [code for code in codes if code in labels]
    kind = options.kinds.get(name.strip(), _kind_of_target(name, options))
    if kind in ("number", "date") or not (found or kind) or not codes:
        return cells, []
    if len(found) < len(codes) and kind is None:
        return cells, _describe_some(codes, found, labels, name)
    texts = dict(zip(codes, as_text(_series(codes)), strict=True)) | {code: labels[code] for code in found}
    return _as_levels(cells, texts, name)


def _kind_of_target(name: str, options: TableOptions) -> str | None:
    """Numbers, of a target that is to be predicted as such."""
    is_number = name.strip() == options.target and options.task in ("regression", "counts")
    return "number" if is_number else None


def _describe_some(codes: list[Any], found: list[Any], labels: Labels, name: str) -> list[str]:
    shown = ", ".join(f"{code:g} {labels[code]!r}" if isinstance(code, int | float) else labels[code]
                      for code in found[:LISTED])  # fmt: skip
    return [
        say(
            "schema.note.labels",
            "en",
            name=name,
            n=f"{len(found):,}",
            values=f"{len(codes):,}",
            shown=shown,
            column=name.strip(),
        )
    ]


def _as_levels(cells: Cells, texts: Mapping[Any, str], name: str) -> tuple[Cells, list[str]]:
    """Codes as texts, whose order is that of the codes."""
    import pandas as pd

    levels = list(dict.fromkeys(texts.values()))
    places = {level: place for place, level in enumerate(levels)}
    at = cells.map({code: places[text] for code, text in texts.items()}).fillna(-1).astype(int)
    made = pd.Series(pd.Categorical.from_codes(at.to_numpy(), levels, ordered=True), cells.index)
    shared = [level for level in levels if list(texts.values()).count(level) > 1]
    return made, [f"several codes of {name} have the label {level!r}, and are one level" for level in shared]


def _series(values: list[Any]) -> Cells:
    import pandas as pd

    return pd.Series(values)
