"""One self-contained HTML page of notes that were run: text, code, every output and figure.

Nothing is fetched when it is opened: pictures and fonts are in it, formulas are MathML, and its own policy
forbids scripts and requests. What notes and outputs hold of HTML is cleaned by nh3.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from linnet.errors import MissingExtraError
from linnet.notes import fonts
from linnet.notes.document import Block, Document
from linnet.notes.execute import ANSI, Outcome
from linnet.notes.markup import Writer

try:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    from linnet.notes.mathematics import mathml
except ImportError as error:
    raise MissingExtraError("running notes", "notes") from error

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"


@dataclass(frozen=True)
class Facts:
    """What a page says of its run.

    Args:
        when: the date and time.
        versions: of Python and what was used.
        supplied: names that were supplied, and their imports.
        seconds: the whole run.
        command: what was called.
    """

    when: str
    versions: str
    supplied: dict[str, str]
    seconds: float
    command: str


def render(document: Document, outcomes: Sequence[Outcome], facts: Facts) -> str:
    """The page.

    Args:
        document: the notes.
        outcomes: of its cells, in order.
        facts: about the run.
    """
    writer = Writer(document.path.parent)
    by_cell = {id(outcome.cell): outcome for outcome in outcomes}
    body = []
    for part in document.parts:
        if isinstance(part, Block):
            body.append(_block(part, by_cell.get(id(part)), document, writer))
        else:
            body.append(f'<div class="text">{writer.html(part)}</div>')
    title = document.headings[0] if document.headings else document.path.stem
    content = "\n".join([_head(document, outcomes, facts), *body, _foot(facts)])
    style = resources.files("linnet.notes").joinpath("page.css").read_text(encoding="utf-8")
    colours = HtmlFormatter(style="friendly").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    dark = f"@media (prefers-color-scheme: dark){{{dark}}}"
    css = "\n".join([fonts.face(content + title), colours, dark, style])
    language = "zh" if any(map(fonts.is_cjk, title + content)) else "en"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="generator" content="linnet run">',
            f"<title>{html.escape(_unmarked(title))}</title><style>{css}</style></head>",
            f"<body><main>{content}</main></body></html>",
        ]
    )


def _head(document: Document, outcomes: Sequence[Outcome], facts: Facts) -> str:
    ran = sum(outcome.count is not None for outcome in outcomes)
    failed = sum(bool(outcome.error) for outcome in outcomes)
    counts = f"{ran} of {len(outcomes)} cells" + (f", {failed} failed" if failed else "")
    counts += f" · {facts.seconds:.1f} s · {facts.when}"
    notes = [f'<p class="facts">{html.escape(document.path.name)} · {counts}</p>']
    if facts.supplied:
        lines = "\n".join(dict.fromkeys(facts.supplied.values()))
        names = ", ".join(facts.supplied)
        notes.append(
            f'<details class="supplied" open><summary>Supplied, as the notes use but never import them: '
            f"{html.escape(names)}</summary>{_code(lines, 'python')}</details>"
        )
    for number, outcome in enumerate(outcomes, 1):
        if outcome.error:
            said = html.escape(failure(document, outcomes, number))
            notes.append(f'<p class="failed"><a href="#cell-{number}">{said}</a></p>')
    return "\n".join(notes)


def place(document: Document, number: int, outcome: Outcome) -> str:
    """Where a cell failed, for people: the file, the cell, and the line."""
    line = _line(document, outcome.cell, outcome.line)
    return f"{document.path}, cell {number}" + (f", line {line}" if line else "")


def _line(document: Document, cell: Block, line: int) -> int:
    """A cell's line as people count it: in the file, or in a notebook's cell, 0 there when unknown."""
    return cell.line + max(line, 1) - 1 if document.line_word == "line" else line


def failure(document: Document, outcomes: Sequence[Outcome], number: int) -> str:
    """A cell's failure in a line: where, what, and where in the notes it was raised if that is elsewhere."""
    outcome = outcomes[number - 1]
    said = f"{place(document, number, outcome)}: {outcome.error}"
    if outcome.origin is None:
        return said
    count, line = outcome.origin
    origin = next((n for n, other in enumerate(outcomes, 1) if other.count == count), number)
    raised = _line(document, outcomes[origin - 1].cell, line)
    where = "" if origin == number else f"cell {origin}, "
    return f"{said} (raised in {where}line {raised})"


def _foot(facts: Facts) -> str:
    return f"<footer><code>{html.escape(facts.command)}</code><br>{html.escape(facts.versions)}</footer>"


def _block(block: Block, outcome: Outcome | None, document: Document, writer: Writer) -> str:
    if block.language == "math":
        return f'<div class="math block">{mathml(block.source, True)}</div>'
    code = _code(block.source, block.language)
    if outcome is None:
        return f'<div class="shown">{code}</div>'
    number = document.cells.index(block) + 1
    count = "&nbsp;" if outcome.count is None else str(outcome.count)
    kind = "cell failed-cell" if outcome.error else "cell" if outcome.count is not None else "cell idle"
    time = f"{outcome.seconds:.2f} s" if outcome.count is not None else "not run"
    outputs = "".join(_output(output, writer) for output in outcome.outputs)
    if outcome.error and not any(output.output_type == "error" for output in outcome.outputs):
        outputs += f'<pre class="error">{html.escape(outcome.error)}</pre>'
    return (
        f'<section class="{kind}" id="cell-{number}"><div class="count" title="{time}">[{count}]</div>'
        f'<div class="source">{code}</div><div class="outputs">{outputs}</div></section>'
    )


def _code(source: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    return highlight(source, lexer, HtmlFormatter(cssclass="code"))


def _output(output: Any, writer: Writer) -> str:
    """An output as HTML: the richest form that a page can hold."""
    if output.output_type == "stream":
        kind = "stderr" if output.name == "stderr" else "stdout"
        text = _lines(str(output.text))
        return f'<pre class="{kind}">{html.escape(text)}</pre>' if text.strip() else ""
    if output.output_type == "error":
        return f'<pre class="error">{html.escape(ANSI.sub("", chr(10).join(output.traceback)))}</pre>'
    data = output.get("data", {})
    if "image/svg+xml" in data:
        picture = base64.b64encode(_joined(data["image/svg+xml"]).encode()).decode()
        return f'<img class="figure" alt="figure" src="data:image/svg+xml;base64,{picture}">'
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            picture = re.sub(r"[^A-Za-z0-9+/=]", "", _joined(data[kind]))
            size = _width(output.get("metadata", {}).get(kind))
            return f'<img class="figure" alt="figure"{size} src="data:{kind};base64,{picture}">'
    if "text/html" in data:
        return f'<div class="rich">{writer.output(_joined(data["text/html"]))}</div>'
    if "text/latex" in data:
        return f'<div class="rich">{mathml(_joined(data["text/latex"]).strip().strip("$"), True)}</div>'
    text = _joined(data.get("text/plain", ""))
    return f'<pre class="result">{html.escape(ANSI.sub("", text))}</pre>' if text else ""


def _width(size: Any) -> str:
    """A picture's width as an attribute, if a cell's metadata say one."""
    width = size.get("width") if isinstance(size, dict) else None
    return f' width="{width}"' if isinstance(width, int) and 0 < width < 10_000 else ""


def _lines(text: str) -> str:
    """What a terminal would show of a stream: colours gone, and of a line that was written over, the last."""
    clean = ANSI.sub("", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in clean.split("\n")).rstrip("\n")


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def _unmarked(title: str) -> str:
    return re.sub(r"[*_`$]", "", title)
