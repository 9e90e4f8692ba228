"""A set of notes as text and cells, and the outcomes of a run of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from linnet.errors import INTERRUPTED, UsageError


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

    def line_of(self, cell: Block, line: int) -> int:
        """A cell's line as people count it: in the file, or in a notebook's cell, 0 there when unknown."""
        return cell.line + max(line, 1) - 1 if self.line_word == "line" else line

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
        depth = 0  # the level of the section that is being kept, 0 outside of one
        for part in self.parts:
            if isinstance(part, Block):
                kept += [part] if depth else []
                continue
            lines: list[str] = []
            marks = {number: (level, text) for level, text, number in headings(part.source)}
            for number, line in enumerate(part.source.split("\n")):
                level, text = marks.get(number, (0, ""))
                if level and is_heading(text, wanted):
                    depth = depth or level
                elif 0 < level <= depth:
                    depth = 0
                lines += [line] if depth else []
            kept += [replace(part, source="\n".join(lines))] if lines else []
        if not kept:
            listed = "\n".join(f"  {heading}" for heading in self.headings) or "  (none)"
            raise UsageError(f"{self.path} has no heading {wanted!r}; its headings are\n{listed}")
        return replace(self, parts=tuple(kept))


@dataclass
class Outcome:
    """The result of a cell.

    Args:
        cell: which.
        outputs: as a notebook keeps them.
        count: the number in its `In [ ]`; None when it was not run.
        seconds: how long it took.
        error: what went wrong, in one line; empty when nothing did.
        line: the line in the cell that it went wrong in, from 1; 0 when unknown.
        origin: where in the notes the error was raised, if elsewhere: the `In [ ]` of the cell, and the line
            in it.
        ended: the cell called for the end of the program, as `sys.exit()` does.
    """

    cell: Block
    outputs: list[Any] = field(default_factory=list)
    count: int | None = None
    seconds: float = 0.0
    error: str = ""
    line: int = 0
    origin: tuple[int, int] | None = None
    ended: bool = False


@dataclass(frozen=True)
class Run:
    """Notes that were run.

    Args:
        document: the notes, or the section of them that was run.
        outcomes: of its cells.
        supplied: names that were supplied, and the lines that brought them.
        seconds: the whole run.
        page: the HTML page that shows it.
        notebook: the executed notebook.
    """

    document: Document
    outcomes: Sequence[Outcome]
    supplied: Mapping[str, str]
    seconds: float
    page: Path
    notebook: Path

    @property
    def failures(self) -> list[str]:
        """A line for each cell that failed: file, cell, line, error."""
        return [self.describe_failure(n) for n, outcome in enumerate(self.outcomes, 1) if outcome.error]

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return any(outcome.error == INTERRUPTED for outcome in self.outcomes)

    def place(self, number: int) -> str:
        """Where a cell failed, for people: the file, the cell, and the line."""
        outcome = self.outcomes[number - 1]
        line = self.document.line_of(outcome.cell, outcome.line)
        return f"{self.document.path}, cell {number}" + (f", line {line}" if line else "")

    def describe_failure(self, number: int) -> str:
        """A cell's failure: where, what, and where in the notes it was raised if that is elsewhere."""
        outcome = self.outcomes[number - 1]
        failure = f"{self.place(number)}: {outcome.error}"
        if outcome.origin is None:
            return failure
        count, line = outcome.origin
        origin = next((n for n, other in enumerate(self.outcomes, 1) if other.count == count), number)
        raised = self.document.line_of(self.outcomes[origin - 1].cell, line)
        where = "" if origin == number else f"cell {origin}, "
        return f"{failure} (raised in {where}line {raised})"


def headings(source: str) -> list[tuple[int, str, int]]:
    """The headings of some Markdown without code blocks: level, text, and line from 0.

    An underlined one is a line, however many lines of a paragraph stand above it.
    """
    tokens = MarkdownIt("commonmark").parse(source)
    return [
        (int(mark.tag[1:]), words.content.rpartition("\n")[2], mark.map[0] + words.content.count("\n"))
        for mark, words in pairwise(tokens)
        if mark.type == "heading_open" and mark.level == 0 and mark.map is not None
    ]


def is_heading(text: str, wanted: str) -> bool:
    """Whether a heading begins with the wanted number, or has the wanted words in it."""
    plain, wanted = (re.sub(r"[*_`]", "", words).strip().casefold() for words in (text, wanted))
    number = re.match(r"(?:第|§|section|chapter)?\s*(\d+(?:\.\d+)*)", plain)
    if re.fullmatch(r"\d+(\.\d+)*\.?", wanted):
        wanted = wanted.rstrip(".")
        return number is not None and (number[1] == wanted or number[1].startswith(wanted + "."))
    return bool(wanted) and wanted in plain
