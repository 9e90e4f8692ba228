"""One self-contained HTML page of notes that were run: text, code, every output and figure.

Nothing is fetched when it is opened: pictures and fonts are in it, formulas are MathML, and its own policy
forbids scripts and requests. What notes and outputs hold of HTML is cleaned by nh3.
"""

from __future__ import annotations

import base64
import html
import io
import logging
import platform
import re
from importlib import metadata, resources
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from linnet._version import __version__
from linnet.notes.document import Block, Outcome, Run
from linnet.notes.execute import ANSI
from linnet.notes.markup import Writer, mathml

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"

CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""A Chinese character, or punctuation that goes with it."""

FAMILY = "linnet CJK"
"""The name of the page's own font with Chinese characters."""


def render(run: Run, command: str, when: str) -> str:
    """The page of a run.

    Args:
        run: the notes and what their cells came to.
        command: the call that ran them.
        when: the date and time.
    """
    document = run.document
    writer = Writer(document.path.parent)
    by_cell = {id(outcome.cell): (outcome, n) for n, outcome in enumerate(run.outcomes, 1)}
    body = [
        _render_block(part, *by_cell.get(id(part), (None, 0)), writer)
        if isinstance(part, Block)
        else f'<div class="text">{writer.html(part)}</div>'
        for part in document.parts
    ]
    title = document.headings[0] if document.headings else document.path.stem
    content = "\n".join([_render_head(run, when), *body, _render_foot(command)])
    plain = re.sub(r"[*_`$]", "", title)
    language = "zh" if CJK.search(title + content) else "en"
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{language}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="generator" content="linnet run">',
            f"<title>{html.escape(plain)}</title><style>{_style(content + title)}</style></head>",
            f"<body><main>{content}</main></body></html>",
        ]
    )


def _style(text: str) -> str:
    """The page's style, with a font for the Chinese characters of its text."""
    colours = HtmlFormatter(style="friendly").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    own = resources.files("linnet.notes").joinpath("page.css").read_text(encoding="utf-8")
    return "\n".join([embed_font(text), colours, f"@media (prefers-color-scheme: dark){{{dark}}}", own])


def _render_head(run: Run, when: str) -> str:
    """The notes' name and the time, the names supplied, and the failures."""
    ran = sum(outcome.count is not None for outcome in run.outcomes)
    failed = len(run.failures)
    counts = f"{ran} of {len(run.outcomes)} cells" + (f", {failed} failed" if failed else "")
    counts += f" · {run.seconds:.1f} s · {when}"
    notes = [f'<p class="facts">{html.escape(run.document.path.name)} · {counts}</p>']
    if run.supplied:
        lines = "\n".join(dict.fromkeys(run.supplied.values()))
        notes.append(
            f'<details class="supplied" open><summary>Supplied, as the notes use but never import them: '
            f"{html.escape(', '.join(run.supplied))}</summary>{_highlight(lines, 'python')}</details>"
        )
    for number, outcome in enumerate(run.outcomes, 1):
        if outcome.error:
            failure = html.escape(run.describe_failure(number))
            notes.append(f'<p class="failed"><a href="#cell-{number}">{failure}</a></p>')
    return "\n".join(notes)


def _render_foot(command: str) -> str:
    torch = metadata.version("torch")
    versions = f"linnet {__version__}, torch {torch}, Python {platform.python_version()}, {platform.system()}"
    return f"<footer><code>{html.escape(command)}</code><br>{html.escape(versions)}</footer>"


def _render_block(block: Block, outcome: Outcome | None, number: int, writer: Writer) -> str:
    if block.language == "math":
        return f'<div class="math block">{mathml(block.source, True)}</div>'
    code = _highlight(block.source, block.language)
    if outcome is None:
        return f'<div class="shown">{code}</div>'
    count = "&nbsp;" if outcome.count is None else str(outcome.count)
    kind = "cell failed-cell" if outcome.error else "cell" if outcome.count is not None else "cell idle"
    time = f"{outcome.seconds:.2f} s" if outcome.count is not None else "not run"
    outputs = "".join(_render_output(output, writer) for output in outcome.outputs)
    if outcome.error and not any(output.output_type == "error" for output in outcome.outputs):
        outputs += f'<pre class="error">{html.escape(outcome.error)}</pre>'
    return (
        f'<section class="{kind}" id="cell-{number}"><div class="count" title="{time}">[{count}]</div>'
        f'<div class="source">{code}</div><div class="outputs">{outputs}</div></section>'
    )


def _highlight(source: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    return highlight(source, lexer, HtmlFormatter(cssclass="code"))


def _render_output(output: Any, writer: Writer) -> str:
    """An output as HTML: the richest form that a page can hold."""
    if output.output_type == "stream":
        kind = "stderr" if output.name == "stderr" else "stdout"
        text = _wipe(str(output.text))
        return f'<pre class="{kind}">{html.escape(text)}</pre>' if text.strip() else ""
    if output.output_type == "error":
        return f'<pre class="error">{html.escape(ANSI.sub("", chr(10).join(output.traceback)))}</pre>'
    data = output.get("data", {})
    if "image/svg+xml" in data:
        picture = base64.b64encode(_join(data["image/svg+xml"]).encode()).decode()
        return f'<img class="figure" alt="figure" src="data:image/svg+xml;base64,{picture}">'
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            picture = re.sub(r"[^A-Za-z0-9+/=]", "", _join(data[kind]))
            size = _width(output.get("metadata", {}).get(kind))
            return f'<img class="figure" alt="figure"{size} src="data:{kind};base64,{picture}">'
    if "text/html" in data:
        return f'<div class="rich">{writer.output(_join(data["text/html"]))}</div>'
    if "text/latex" in data:
        return f'<div class="rich">{mathml(_join(data["text/latex"]).strip().strip("$"), True)}</div>'
    text = _join(data.get("text/plain", ""))
    return f'<pre class="result">{html.escape(ANSI.sub("", text))}</pre>' if text else ""


def _width(size: Any) -> str:
    """A picture's width as an attribute, if a cell's metadata say one."""
    width = size.get("width") if isinstance(size, dict) else None
    return f' width="{width}"' if isinstance(width, int) and 0 < width < 10_000 else ""


def _wipe(text: str) -> str:
    """A stream as a terminal shows it: colours gone, and of a line that was written over, the last."""
    clean = ANSI.sub("", text).replace("\r\n", "\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in clean.split("\n")).rstrip("\n")


def _join(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def embed_font(text: str) -> str:
    """A CSS @font-face with the Chinese characters of a text; empty without any, or without such a font."""
    wanted = set(CJK.findall(text))
    if not wanted:
        return ""
    from linnet.plot.style import cjk_font  # brings matplotlib, which a page in English does without

    font = cjk_font()
    if font is None:
        return ""
    data = base64.b64encode(_subset(str(font[1]), wanted)).decode()
    return f'@font-face{{font-family:"{FAMILY}";src:url(data:font/woff;base64,{data}) format("woff")}}'


def _subset(path: str, characters: set[str]) -> bytes:
    """A font's file with some of its characters alone, as WOFF."""
    from fontTools import subset

    options = subset.Options(notdef_outline=True, layout_features=["*"], flavor="woff", font_number=0)
    options.drop_tables += ["FFTM"]
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    subsetter, made = subset.Subsetter(options), io.BytesIO()
    subsetter.populate(unicodes=sorted(map(ord, characters)))
    with subset.load_font(path, options, lazy=True) as font:
        subsetter.subset(font)
        subset.save_font(font, made, options)
    return made.getvalue()
