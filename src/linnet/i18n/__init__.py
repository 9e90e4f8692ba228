"""The texts that people read, in English and Chinese: `say(key, language, **values)`.

A catalogue is a JSON file a language; all have the same keys. A key says who shows the text and which it is,
"plot.coverage", "report.title.data". A blank is `{name}`, in Python and in JavaScript alike. Messages of
exceptions are in no catalogue but for questions that a table raises, which the lab's page asks: they are
English, where they are raised.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from linnet.errors import UsageError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

BLANK = re.compile(r"\{(\w+)\}")
"""Nothing else is, so that JSON in a text stays as it is."""


def check(language: str) -> None:
    """Refuse a language without a catalogue.

    Raises:
        UsageError: it is not "en" or "zh".
    """
    if language not in LANGUAGES:
        raise UsageError(f"linnet speaks en (English) or zh (Chinese), not {language!r}")


def say(key: str, language: str, **values: object) -> str:
    """A text in a language, its blanks filled in.

    Args:
        key: of the catalogue.
        language: "en" or "zh".
        **values: of the blanks.

    Raises:
        UsageError: another language.
    """
    group, _, name = key.partition(".")
    return BLANK.sub(lambda blank: str(values[blank[1]]), texts(group, language)[name])


def say_number(key: str, language: str, n: int, **values: object) -> str:
    """A text about a number of things, of which the catalogue has another, KEY_1, where there is one.

    Args:
        key: of the catalogue, whose text has the blank {n}.
        language: "en" or "zh".
        n: how many there are.
        **values: of the other blanks.
    """
    return say(f"{key}_1" if n == 1 else key, language, n=f"{n:,}", **values)


def name_figure(name: str, language: str) -> str:
    """The name of a figure of the history in a language; of one's own figures as it is, without underscores.

    Args:
        name: as the history has it, such as "train_loss".
        language: "en" or "zh".
    """
    return texts("metric", language).get(name, name.replace("_", " "))


def show_figure(name: str, figure: float) -> str:
    """A figure of the history as text: a share to four places, a loss, which has any size, to four digits.

    Args:
        name: as the history has it.
        figure: its value.
    """
    return f"{figure:.4f}" if name.endswith("accuracy") else f"{figure:.4g}"


def translate(text: str, group: str, language: str) -> str:
    """A text that a result or a file holds in English, in a language; as it is where the catalogue lacks it.

    Args:
        text: in English, its blanks filled in.
        group: of the catalogue, to which the text belongs.
        language: "en" or "zh".
    """
    if language == "en" or (name := find_name(text, group)) is None:
        return text
    form = _forms(group).get(name)
    found = None if form is None or text in _names(group) else form.fullmatch(text)
    there = texts(group, language)[name]
    return there if found is None else BLANK.sub(lambda blank: found[blank[1]], there)


def translate_behind(text: str, group: str, language: str) -> str:
    """A text, or what stands behind the name of a file and a colon, in a language; see `translate`."""
    file, colon, rest = text.partition(": ")
    if not colon or find_name(text, group) is not None:
        return translate(text, group, language)
    return f"{file}{colon}{translate(rest, group, language)}"


def find_name(text: str, group: str) -> str | None:
    """The name of an English text with its blanks filled in; None where the catalogue lacks it.

    Args:
        text: as a result or a file holds it.
        group: of the catalogue.
    """
    if (name := _names(group).get(text)) is not None:
        return name
    return next((name for name, form in _forms(group).items() if form.fullmatch(text)), None)


def texts(group: str, language: str) -> Mapping[str, str]:
    """The texts of a group by their names, for who fills in the blanks elsewhere.

    Raises:
        UsageError: another language.
    """
    check(language)
    return _catalogue(language)[group]


def find_language() -> Language:
    """The language of the locale, where there is a catalogue of it; else English."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "").startswith("zh") else "en"


@cache
def _catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    """Read when a text is first asked for, so that importing linnet reads none."""
    return json.loads(Path(__file__).with_name(f"{language}.json").read_text("utf-8"))


@cache
def _names(group: str) -> Mapping[str, str]:
    """The name of each English text."""
    return {text: name for name, text in texts(group, "en").items()}


@cache
def _forms(group: str) -> Mapping[str, re.Pattern[str]]:
    """How each English text with blanks looks when they are filled in, a blank that comes twice alike."""
    return {name: _form(text) for name, text in texts(group, "en").items() if BLANK.search(text)}


def _form(text: str) -> re.Pattern[str]:
    parts, seen = BLANK.split(text), set[str]()
    for place in range(1, len(parts), 2):
        name = parts[place]
        parts[place] = f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
    parts[::2] = map(re.escape, parts[::2])
    return re.compile("".join(parts), re.DOTALL)
