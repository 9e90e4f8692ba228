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

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from linnet._version import __version__
from linnet.notes.document import Run
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
    title = document.headings[0] if document.headings else document.path.stem
    environment = Environment(
        loader=PackageLoader("linnet.notes", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html").render(
        run=run, command=command, when=when, title=re.sub(r"[*_`$]", "", title), policy=POLICY,
        parts=[(part, *by_cell.get(id(part), (None, 0))) for part in document.parts],
        versions=f"linnet {__version__}, torch {metadata.version('torch')}, "
        f"Python {platform.python_version()}, {platform.system()}",
        find_language=lambda text: "zh" if CJK.search(text) else "en", render_style=_render_style,
        highlight=_highlight, show_text=lambda part: Markup(writer.html(part)),
        show_formula=lambda latex: Markup(mathml(latex, True)),
        show_output=lambda output: Markup(_render_output(output, writer)),
    )  # fmt: skip


def _render_style(text: str) -> Markup:
    """The page's style, with a font for the Chinese characters of its text."""
    colours = HtmlFormatter(style="friendly").get_style_defs(".code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code")
    own = resources.files("linnet.notes").joinpath("page.css").read_text(encoding="utf-8")
    return Markup("\n").join(
        map(Markup, [embed_font(text), colours, f"@media (prefers-color-scheme: dark){{{dark}}}", own])
    )


def _highlight(source: str, language: str) -> Markup:
    """Code in colours, or as it is in a language that nobody knows."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    return Markup(highlight(source, lexer, HtmlFormatter(cssclass="code")))


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
