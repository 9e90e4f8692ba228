"""Notes in Markdown, cut into text and blocks of code wherever they stand: in lists, in quotes, indented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

from linnet.notes import language
from linnet.notes.document import Block, Part, Text
from linnet.notes.names import SUPPLIED

TAB = re.compile(r"\s*#\s*@tab\s+(.*)")
"""The book's own mark of a block for one framework."""

OTHER_FRAMEWORKS = re.compile(
    r"\s*(#\s*@tab\s+(mxnet|tensorflow|paddle)|(from|import)\s+(mxnet|tensorflow|paddle)\b)"
)
"""What only the book's own files have, in which a block without a mark is for MXNet."""


@dataclass(frozen=True)
class _Raw:
    """A block of code as it was found.

    Args:
        first: its first line in the file, from 0, the fence's if it has one.
        last: the line after it.
        info: what stands after the fence; None for an indented block.
        source: its code.
    """

    first: int
    last: int
    info: str | None
    source: str


def parts(text: str) -> tuple[Part, ...]:
    """The parts of some Markdown.

    Args:
        text: the file, with any line ends.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = text.split("\n")
    start = _after_front_matter(lines)
    found: list[Part] = []
    judge = _Judge(any(map(OTHER_FRAMEWORKS.match, lines)) and any(map(TAB.match, lines)))
    indent = 0
    for raw in _blocks(lines, start):
        found += _text(lines[start : raw.first], indent)
        indent = _width(lines[raw.first])
        found += judge.blocks(raw)
        start = raw.last
    return tuple([*found, *_text(lines[start:], indent)])


class _Judge:
    """Decides block by block what runs, knowing what the blocks before have given.

    Args:
        has_tabs: the notes are the book's own, with a block for each framework.
    """

    def __init__(self, has_tabs: bool) -> None:
        self.has_tabs = has_tabs
        self.given: set[str] = set()

    def blocks(self, raw: _Raw) -> list[Block]:
        """A block of the notes: a cell or something shown; a cell with its output pasted below is both."""
        whole = self.block(raw)
        if not whole.runs or whole.is_session:
            return [whole]
        lines = whole.source.split("\n")
        count = language.without_output(whole.source, self.given)
        if count == len(lines):
            return [whole]
        code, output = "\n".join(lines[:count]).rstrip(), "\n".join(lines[count:])
        return [replace(whole, source=code), Block(output, whole.line + count, "", False)]

    def block(self, raw: _Raw) -> Block:
        word = language.tag(raw.info or "")
        source = raw.source.rstrip("\n")
        typed = language.from_prompts(source)
        code = source if typed is None else typed
        runs = language.is_python(word) if word else self._is_unsaid(code)
        runs = runs and bool(code.strip()) and self._is_ours(code)
        if runs and (text := language.plain(code)) is not None:
            self.given |= language.names(text).bound
        line = raw.first + (1 if raw.info is None else 2)
        shown = "python" if runs or language.is_python(word) else word
        return Block(code if runs else source, line, shown, runs, runs and typed is not None)

    def _is_unsaid(self, code: str) -> bool:
        return language.looks_like_python(code, self.given, set(SUPPLIED))

    def _is_ours(self, code: str) -> bool:
        """Whether a block of the book's own notes is for PyTorch, or for all."""
        if not self.has_tabs:
            return True
        mark = TAB.match(code.split("\n", 1)[0])
        return mark is not None and bool({"pytorch", "all"} & set(re.split(r"[\s,]+", mark[1].lower())))


def _blocks(lines: list[str], start: int) -> Iterator[_Raw]:
    for token in MarkdownIt("commonmark").parse("\n".join([""] * start + lines[start:])):
        if token.type not in ("fence", "code_block") or token.map is None:
            continue
        first, last = token.map
        if token.type == "fence":
            yield _Raw(first, last, token.info, token.content)
        else:
            while last > first and not lines[last - 1].strip():
                last -= 1
            yield _Raw(first, last, None, token.content)


def _text(lines: list[str], indent: int) -> list[Text]:
    """Text after a block that stood `indent` columns in, such as the rest of its list item."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if line.strip() and not line.startswith(" " * indent):
            kept += lines[number:]
            break
        kept.append(line[indent:])
    text = "\n".join(kept).strip("\n")
    # What is left of an item that began with its fence: a mark with nothing after it.
    text = re.sub(r"(?:\n|\A)\s*(?:[-*+]|\d+[.)]|>)\s*\Z", "", text)
    return [Text(text)] if text.strip() else []


def _width(line: str) -> int:
    """The columns before a fence: spaces, and the marks of a list; none in a quote, which is marked again."""
    before = re.match(r"[\s\-*+\d.)]*", line)
    return 0 if before is None or line.lstrip().startswith(">") else len(before[0])


def _after_front_matter(lines: list[str]) -> int:
    """The line after a YAML header, which many note programs write."""
    if lines and lines[0].strip() == "---":
        ends = [n for n, line in enumerate(lines[1:60], 1) if line.strip() in ("---", "...")]
        if ends and all(re.match(r"\s*($|#|-\s|[\w\-\"']+\s*:|\s+\S)", line) for line in lines[1 : ends[0]]):
            return ends[0] + 1
    return 0
