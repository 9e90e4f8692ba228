"""Notes of any kind, by their file's ending: Markdown, notebooks, scripts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.notes import language
from linnet.notes.document import Block, Document, Part, Text
from linnet.notes.kernel import SUPPLIED
from linnet.notes.language import is_python

TAB = re.compile(r"\s*#\s*@tab\s+(.*)")
"""The book's own mark of a block for one framework."""

OTHER_FRAMEWORKS = re.compile(
    r"\s*(#\s*@tab\s+(mxnet|tensorflow|paddle)|(from|import)\s+(mxnet|tensorflow|paddle)\b)"
)
"""Marks that only the book's own files have, in which a block without one is for MXNet."""


def parse_markdown(text: str) -> tuple[Part, ...]:
    """The parts of some Markdown.

    Args:
        text: the file, with any line ends.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = text.split("\n")
    start = _skip_front_matter(lines)
    found: list[Part] = []
    reader = _BlockReader(any(map(OTHER_FRAMEWORKS.match, lines)) and any(map(TAB.match, lines)))
    indent = 0
    for token in MarkdownIt("commonmark").parse("\n".join([""] * start + lines[start:])):
        if token.type in ("fence", "code_block") and token.map is not None:
            first, last = token.map
            found += _dedent(lines[start:first], indent)
            found += reader.read(token, first)
            indent, start = _indent_of(lines[first]), last
    return tuple([*found, *_dedent(lines[start:], indent)])


class _BlockReader:
    """Decides block by block what runs, knowing what the blocks before have given.

    Args:
        has_tabs: the notes are the book's own, with a block for each framework.
    """

    def __init__(self, has_tabs: bool) -> None:
        self.has_tabs = has_tabs
        self.given: set[str] = set()

    def read(self, token: Token, first: int) -> list[Block]:
        """A block of the notes: a cell or something shown; a cell with its output pasted below is both.

        Args:
            token: a fence or an indented block.
            first: its first line in the file, from 0.
        """
        whole = self._read_whole(token, first)
        if not whole.runs or whole.is_session:
            return [whole]
        lines = whole.source.split("\n")
        count = language.count_code_lines(whole.source, self.given)
        if count == len(lines):
            return [whole]
        code, output = "\n".join(lines[:count]).rstrip(), "\n".join(lines[count:])
        return [replace(whole, source=code), Block(output, whole.line + count, "", False)]

    def _read_whole(self, token: Token, first: int) -> Block:
        word = language.find_tag(token.info)
        source = token.content.rstrip("\n")
        typed = language.strip_prompts(source)
        code = source if typed is None else typed
        supplied = set(SUPPLIED)
        runs = is_python(word) if word else language.looks_like_python(code, self.given, supplied)
        runs = runs and bool(code.strip()) and self._is_ours(code)
        if runs and (text := language.strip_magics(code)) is not None:
            self.given |= language.find_names(text).bound
        line = first + (2 if token.type == "fence" else 1)
        shown = "python" if runs or is_python(word) else word
        return Block(code if runs else source, line, shown, runs, runs and typed is not None)

    def _is_ours(self, code: str) -> bool:
        """Whether a block of the book's own notes is for PyTorch, or for all."""
        if not self.has_tabs:
            return True
        mark = TAB.match(code.split("\n", 1)[0])
        return mark is not None and bool({"pytorch", "all"} & set(re.split(r"[\s,]+", mark[1].lower())))


def _dedent(lines: list[str], indent: int) -> list[Text]:
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


def _indent_of(line: str) -> int:
    """The columns before a fence: spaces, and the marks of a list; none in a quote, which is marked again."""
    before = re.match(r"[\s\-*+\d.)]*", line)
    return 0 if before is None or line.lstrip().startswith(">") else len(before[0])


def _skip_front_matter(lines: list[str]) -> int:
    """The line after a YAML header, which many note programs write."""
    if lines and lines[0].strip() == "---":
        ends = [n for n, line in enumerate(lines[1:60], 1) if line.strip() in ("---", "...")]
        if ends and all(re.match(r"\s*($|#|-\s|[\w\-\"']+\s*:|\s+\S)", line) for line in lines[1 : ends[0]]):
            return ends[0] + 1
    return 0


MARKDOWN = (".md", ".markdown", ".txt")
ENDINGS = (*MARKDOWN, ".ipynb", ".py")

MAX_BYTES = 64 << 20
"""Notes that are larger are no notes."""


def read(path: Path) -> Document:
    """A set of notes.

    Args:
        path: Markdown (.md, .markdown, .txt), a notebook (.ipynb) or a script (.py).

    Raises:
        DataNotFoundError: no such file.
        UsageError: another ending, or a folder.
        FormatError: the file is no text, or no notebook.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder: give a file, one of {', '.join(ENDINGS)}")
    if not path.is_file():
        raise DataNotFoundError(f"no notes at {path}")
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"{path} ends in {path.suffix or 'nothing'}: expected {', '.join(ENDINGS)}")
    text = _decode(path)
    if path.suffix.lower() == ".ipynb":
        return Document(path, _parse_notebook(path, text), "cell")
    if path.suffix.lower() == ".py":
        return Document(path, _parse_script(text))
    return Document(path, parse_markdown(text))


def _decode(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise FormatError(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):  # Windows editors in China write the second
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise FormatError(f"{path} is not text in UTF-8 or GB 18030")


def _parse_notebook(path: Path, text: str) -> tuple[Part, ...]:
    import nbformat

    try:
        book = nbformat.reads(text, as_version=4)
        nbformat.validate(book)
    except Exception as error:  # it stumbles over damaged notebooks in any way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise FormatError(f"{path} is not a notebook: {reason}") from error
    about = book.metadata.get("kernelspec", {})
    spoken = str(about.get("language", book.metadata.get("language_info", {}).get("name", "python"))).lower()
    if not is_python(spoken):
        raise UsageError(f"{path} is a notebook in {spoken}: linnet runs Python")
    found: list[Part] = []
    for number, cell in enumerate(book.cells, 1):
        if cell.cell_type == "code":
            found += [Block(cell.source, number, "python", True)] if cell.source.strip() else []
        elif cell.source.strip():
            is_text = cell.cell_type == "markdown"
            source = cell.source if is_text else f"```\n{cell.source}\n```"
            found.append(Text(source, dict(cell.get("attachments", {}))))
    return tuple(found)


def _parse_script(text: str) -> tuple[Part, ...]:
    """A script's cells: cut at `# %%` where it has such lines, else the whole."""
    pieces = ["", *re.split(r"(?m)^#[^\S\n]*%%[^\S\n]*(.*)$", text.replace("\r\n", "\n"))]
    found: list[Part] = []
    line = 1
    for title, body in zip(pieces[::2], pieces[1::2], strict=True):
        source = re.sub(r"\A\s*\n", "", body).rstrip()
        first, line = line + body[: body.find(source)].count("\n"), line + body.count("\n")
        if title.startswith("[markdown]"):
            found.append(Text(re.sub(r"(?m)^# ?", "", source).strip()))
            continue
        found += [Text(f"## {title.strip()}")] if title.strip() else []
        is_code = bool(re.sub(r"(?m)^\s*#.*$", "", source).strip())  # a coding line is none
        found += [Block(source, first, "python", is_code)] if source else []
    return tuple(found)
