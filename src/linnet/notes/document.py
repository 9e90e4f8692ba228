"""The parts of a set of notes: text and cells, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from linnet.errors import UsageError


@dataclass(frozen=True)
class Text:
    """Markdown.

    Args:
        source: the Markdown.
        attachments: pictures that a notebook's cell carries: name to type to base64.
    """

    source: str
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """A block of code.

    Args:
        source: its lines.
        line: the number of its first line in the notes' file, from 1; in a notebook, of its cell.
        language: what to highlight it as; "" for plain text.
        runs: whether it is a cell to run; otherwise it is shown.
        is_session: it was written with an interpreter's prompts, so each expression shows its value.
    """

    source: str
    line: int
    language: str
    runs: bool
    is_session: bool = False


Part = Text | Block


@dataclass(frozen=True)
class Document:
    """A set of notes.

    Args:
        path: where it was read from.
        parts: in order.
        line_word: what a block's line counts: "line", or "cell" in a notebook.
    """

    path: Path
    parts: tuple[Part, ...]
    line_word: str = "line"

    @property
    def cells(self) -> list[Block]:
        """The blocks that run."""
        return [part for part in self.parts if isinstance(part, Block) and part.runs]

    @property
    def headings(self) -> list[str]:
        """The headings, in order, without their marks."""
        return [text for part in self.parts if isinstance(part, Text) for _, text, _ in headings(part.source)]

    def only(self, wanted: str) -> Document:
        """The section under a heading, with the sections below it.

        Args:
            wanted: the number that the heading begins with, such as "3.6", or some of its words.

        Raises:
            UsageError: no heading is so.
        """
        kept: list[Part] = []
        depth, found = 0, False  # the level of the section that is being kept, 0 outside of one
        for part in self.parts:
            if isinstance(part, Block):
                kept += [part] if depth else []
                continue
            lines: list[str] = []
            marks = {number: (level, text) for level, text, number in headings(part.source)}
            for number, line in enumerate(part.source.split("\n")):
                if number in marks:
                    level, text = marks[number]
                    if depth and level <= depth and not is_heading(text, wanted):
                        depth = 0
                    if not depth and is_heading(text, wanted):
                        depth, found = level, True
                lines += [line] if depth else []
            kept += [replace(part, source="\n".join(lines))] if lines else []
        if not found:
            listed = "\n".join(f"  {heading}" for heading in self.headings) or "  (none)"
            raise UsageError(f"{self.path} has no heading {wanted!r}; its headings are\n{listed}")
        return replace(self, parts=tuple(kept))


def headings(source: str) -> list[tuple[int, str, int]]:
    """The headings of some Markdown without code blocks: level, text, and line from 0."""
    found = []
    lines = source.split("\n")
    for number, line in enumerate(lines):
        if match := re.match(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$", line):
            found.append((len(match[1]), match[2], number))
        elif (
            line.strip() and number + 1 < len(lines) and (mark := re.match(r"(=+|-+)\s*$", lines[number + 1]))
        ):
            is_paragraph = not re.match(r"\s*([-*+>#|]|\d+[.)])\s", line) and len(mark[1]) > 1
            if is_paragraph:
                found.append((1 if mark[1][0] == "=" else 2, line.strip(), number))
    return found


def is_heading(text: str, wanted: str) -> bool:
    """Whether a heading begins with the wanted number, or has the wanted words in it."""
    plain, wanted = (re.sub(r"[*_`]", "", words).strip().casefold() for words in (text, wanted))
    number = re.match(r"(?:第|§|section|chapter)?\s*(\d+(?:\.\d+)*)", plain)
    if re.fullmatch(r"\d+(\.\d+)*\.?", wanted):
        wanted = wanted.rstrip(".")
        return number is not None and (number[1] == wanted or number[1].startswith(wanted + "."))
    return bool(wanted) and wanted in plain
