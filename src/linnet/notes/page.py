"""One self-contained HTML page of notes that were run: text, code, every output and figure.

Nothing is fetched when it is opened: pictures and fonts are in it, formulas are MathML, and its own policy
forbids scripts and requests. What notes and outputs hold of HTML is cleaned by nh3.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from linnet.errors import MissingExtraError
from linnet.notes import fonts
from linnet.notes.document import Block, Document, Text
from linnet.notes.execute import ANSI, Outcome

try:
    import nh3
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    from linnet.notes.mathematics import mathml
except ImportError as error:
    raise MissingExtraError("running notes", "notes") from error

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"

MAX_PICTURE_BYTES = 16 << 20
"""A picture of the notes that is larger is left out of the page."""

_TAGS = (nh3.ALLOWED_TAGS | {"mark", "font", "figure", "figcaption", "section", "input"}) - {"img"}

_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]+")

_IMG = re.compile(r"""<img\b((?:[^>"']|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)


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
    writer = _Writer(document.path.parent)
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


class _Writer:
    """Markdown as clean HTML with its pictures in it.

    Args:
        folder: where the notes' pictures are looked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.markdown = MarkdownIt("gfm-like", {"html": True, "linkify": False})
        self.markdown.use(footnote_plugin).use(tasklists_plugin)
        dollarmath_plugin(self.markdown, double_inline=True, allow_digits=False, renderer=self._formula)
        self.markdown.renderer.rules["image"] = self._image  # type: ignore[attr-defined]
        self._mark = secrets.token_hex(8)  # nobody can have written it
        self._kept: list[str] = []
        self._attachments: dict[str, dict[str, str]] = {}

    def html(self, text: Text) -> str:
        """Some Markdown as HTML."""
        self._attachments = text.attachments
        return self._clean(self.markdown.render(_spaced(_delimited(text.source))))

    def output(self, markup: str) -> str:
        """The HTML of an output, cleaned likewise."""
        self._attachments = {}
        return self._clean(markup)

    def _clean(self, markup: str) -> str:
        clean = nh3.clean(
            _IMG.sub(self._tag, markup),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=_attribute,
            url_schemes={"http", "https", "mailto"},
        )
        # What is ours, formulas and pictures, passes the cleaning as a mark and is put in afterwards.
        return re.sub(rf"{self._mark}-(\d+)-", lambda match: self._kept[int(match[1])], clean)

    def _keep(self, ours: str) -> str:
        self._kept.append(ours)
        return f"{self._mark}-{len(self._kept) - 1}-"

    def _formula(self, latex: str, options: dict[str, Any]) -> str:
        return self._keep(mathml(latex, options["display_mode"]))

    def _image(self, tokens: Sequence[Any], index: int, options: object, env: object) -> str:
        token = tokens[index]
        return self._picture(str(token.attrs.get("src", "")), token.content)

    def _tag(self, match: re.Match[str]) -> str:
        """A picture that the notes wrote as HTML."""
        attributes = {
            name.lower(): html.unescape(a or b or c)
            for name, a, b, c in re.findall(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", match[1])
        }
        return self._picture(
            attributes.get("src", ""), attributes.get("alt", ""), attributes.get("width", "")
        )

    def _picture(self, address: str, words: str, width: str = "") -> str:
        label = html.escape(words or Path(unquote(address)).name or "picture")
        data = self._data(address)
        if data is None:
            return self._keep(f'<span class="missing" title="{html.escape(address)}">▨ {label}</span>')
        size = f' width="{width}"' if re.fullmatch(r"\d{1,4}", width) else ""
        return self._keep(f'<img src="{data}" alt="{label}"{size}>')

    def _data(self, address: str) -> str | None:
        """A picture's file as a data address; None when it is not below the notes' folder, or no picture."""
        if address.startswith("attachment:"):
            carried = self._attachments.get(unquote(address.removeprefix("attachment:")), {})
            address = next((f"data:{kind};base64,{''.join(data)}" for kind, data in carried.items()), address)
        if _PICTURE.fullmatch(address):
            return address
        if re.match(r"[\\/]|[A-Za-z][A-Za-z0-9+.-]*:", address):
            return None  # elsewhere: the web, a drive, another machine
        kind = mimetypes.guess_type(address)[0] or ""
        try:
            path = (self.folder / unquote(address)).resolve()
            fits = kind.startswith("image/") and path.is_relative_to(self.folder) and path.is_file()
            if not fits or path.stat().st_size > MAX_PICTURE_BYTES:
                return None
            return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links that lead in a circle
            return None


def _delimited(source: str) -> str:
    """Markdown in which every formula stands between dollar signs, and the book's own marks are gone."""
    pieces = re.split(r"(`+[^`]*`+)", re.sub(r":(?:eqlabel|label|numref|eqref|cite):`[^`]*`", "", source))
    for number in range(0, len(pieces), 2):  # code in between stays as it is
        piece = re.sub(r"\\\((.+?)\\\)", r"$\1$", pieces[number], flags=re.DOTALL)
        piece = re.sub(r"\\\[(.+?)\\\]", r"$$\1$$", piece, flags=re.DOTALL)
        pieces[number] = _BARE.sub(partial(_fenced, "".join(pieces[:number]) + piece), piece)
    return re.sub(r"(?im)^\[toc\]\s*$", "", "".join(pieces))


def _fenced(before: str, match: re.Match[str]) -> str:
    """A bare environment between dollar signs, unless it stands between some."""
    start = len(before) - len(match.string) + match.start()
    return match[0] if before[:start].count("$$") % 2 else f"$$\n{match[0]}\n$$"


_BARE = re.compile(
    r"^\\begin\{((?:equation|align|gather|eqnarray)\*?)\}.*?\\end\{\1\}", re.MULTILINE | re.DOTALL
)
"""An environment that is a formula by itself, as in Jupyter."""


def _spaced(source: str) -> str:
    """Markdown whose displayed formulas stand apart from paragraphs that they follow without a blank line."""
    lines: list[str] = []
    is_open = False
    for line in source.split("\n"):
        count = line.count("$$")
        starts = line.lstrip().startswith("$$")
        if starts and not is_open and lines and lines[-1].strip():
            lines.append("")
        lines.append(line)
        closes = is_open if count % 2 else starts and count == 2 and line.rstrip().endswith("$$")
        is_open ^= bool(count % 2)
        if closes and line.rstrip().endswith("$$"):
            lines.append("")
    return "\n".join(lines)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return value if value in _CLASSES else None
    if name == "style":
        return value if re.fullmatch(r"text-align: ?(left|right|center)", value) else None
    if tag == "input":
        return {"type": "checkbox"}.get(name, value)
    return value


_CLASSES = ("math block", "math inline", "footnotes", "footnote-ref", "footnote-item", "task-list-item")

_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"align", "class", "id"},
    "font": {"color"},
    "td": {"align", "style", "colspan", "rowspan"},
    "th": {"align", "style", "colspan", "rowspan"},
    "input": {"type", "checked", "disabled"},
    "details": {"open"},
}


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


def _block(block: Block, outcome: Outcome | None, document: Document, writer: _Writer) -> str:
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


def _output(output: Any, writer: _Writer) -> str:
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
