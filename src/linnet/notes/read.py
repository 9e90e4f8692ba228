"""Notes of any kind, by their file's ending."""

from __future__ import annotations

import re
from pathlib import Path

from linnet.errors import DataNotFoundError, FormatError, UsageError
from linnet.notes import markdown
from linnet.notes.document import Block, Document, Part, Text
from linnet.notes.language import is_python

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
    text = _text(path)
    if path.suffix.lower() == ".ipynb":
        return Document(path, _notebook(path, text), "cell")
    if path.suffix.lower() == ".py":
        return Document(path, _script(text))
    return Document(path, markdown.parts(text))


def _text(path: Path) -> str:
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


def _notebook(path: Path, text: str) -> tuple[Part, ...]:
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


def _script(text: str) -> tuple[Part, ...]:
    """A script's cells: cut at `# %%` where it has such lines, else the whole."""
    lines = text.replace("\r\n", "\n").split("\n")
    marks = [n for n, line in enumerate(lines) if re.match(r"#\s*%%", line)]
    found: list[Part] = []
    starts = sorted({0, *marks})
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first = start + 1 if start in marks else start
        body = lines[first:end]
        title = re.sub(r"#\s*%%\s*", "", lines[start]).strip() if start in marks else ""
        if title.startswith("[markdown]"):
            found.append(Text("\n".join(re.sub(r"^# ?", "", line) for line in body).strip()))
            continue
        if title:
            found.append(Text(f"## {title}"))
        while body and not body[0].strip():
            body, first = body[1:], first + 1
        source = "\n".join(body).rstrip()
        if source:
            is_code = bool(re.sub(r"(?m)^\s*#.*$", "", source).strip())  # a coding line is none
            found.append(Block(source, first + 1, "python", is_code))
    return tuple(found)
