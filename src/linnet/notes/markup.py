"""Clean HTML of the Markdown, HTML and LaTeX of notes, with pictures in it and formulas drawn.

Everything passes nh3. What is ours, formulas and pictures, passes as a random mark and is put in afterwards.
Formulas are MathML, which browsers draw without a script or a font from elsewhere: latex2mathml converts, its
input is brought to what it knows, and its output is read, cleaned and mended.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from linnet.notes.document import Text

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

ELEMENTS = frozenset(
    """
    math mrow mi mo mn ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup
    msubsup munder mover munderover mmultiscripts mtable mtr mtd
    """.split()  # noqa: SIM905
)
ATTRIBUTES = frozenset(
    """
    display displaystyle scriptlevel mathvariant mathsize stretchy fence form accent accentunder separator
    movablelimits largeop symmetric lspace rspace minsize maxsize linethickness width height depth
    linebreak
    """.split()  # noqa: SIM905
)

LIMITS = frozenset(["lim", "max", "min", "sup", "inf", "limsup", "liminf", "argmin", "argmax"])
"""Operators that have what is below them below them, in a displayed formula."""

# What notes of the book write and the converter does not take, and what to write instead.
_REWRITES = (
    (r"\\begin\{split\}\s*(\\begin\{(?:aligned|cases|array|matrix)\}.*?)\\end\{split\}", r"\1"),
    (r"\\(begin|end)\{(?:aligned|align\*?|eqnarray\*?|gather(?:ed)?\*?)\}", r"\\\1{split}"),
    (r"\\begin\{equation\*?\}(.*?)\\end\{equation\*?\}", r"\1"),
    (r"\\(?:large|Large|LARGE|huge|Huge|small|normalsize|displaystyle|nonumber|notag)(?![A-Za-z])", ""),
    (r"\\(?:label|tag|eqlabel|eqref|ref|require)\*?\{[^{}]*\}", ""),
    (r"\\(?:bm|boldsymbol|pmb)(?![A-Za-z])", r"\\mathbf"),
    (r"\\mathbbm(?![A-Za-z])", r"\\mathbb"),
    (r"\\(?:mathop|operatorname\*)(?![A-Za-z])", r"\\operatorname"),
    (r"\\operatorname\s*\{\s*\\mathrm\s*\{(\w+)\}\s*\}", r"\\operatorname{\1}"),
    (r"\\(argmin|argmax)(?![A-Za-z])", r"\\operatorname{\1}"),
)

_WORDS = re.compile(r"(\\(?:text|mbox|textbf|textit|textrm)\s*\{)([^{}]*)(\})")


def mathml(latex: str, is_block: bool) -> str:
    """A formula as MathML; its source, marked as such, where it cannot be read.

    Args:
        latex: without the dollar signs.
        is_block: displayed on lines of its own.
    """
    try:
        root = ElementTree.fromstring(convert(_rewrite(latex), display="block" if is_block else "inline"))
        _check(root)
    except Exception:  # the converter raises whatever its parser stumbles upon
        return f'<code class="latex">{html.escape(latex.strip())}</code>'
    if is_block:
        _stack_limits(root)
    _line_up(root)
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode")


def _rewrite(latex: str) -> str:
    text = latex.strip()
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    # The converter writes words as they are, markup and all, so they are escaped; outside of words it
    # escapes.
    return _WORDS.sub(lambda match: match[1] + html.escape(match[2]) + match[3], text)


def _check(root: Element) -> None:
    """Let pass nothing but MathML, and no command that the converter did not know.

    Raises:
        ValueError: there is something else.
    """
    for element in root.iter():
        if _name(element) not in ELEMENTS:
            raise ValueError(f"{element.tag} is not MathML's")
        if re.match(r"\\[A-Za-z]", (element.text or "").strip()):
            raise ValueError(f"{element.text} is not known")
        for attribute in [a for a in element.attrib if a not in ATTRIBUTES and a != "columnalign"]:
            del element.attrib[attribute]


def _stack_limits(root: Element) -> None:
    """Put what belongs below an operator there: the converter puts it at its foot."""
    for element in root.iter():
        if _name(element) in ("msub", "msubsup") and "".join(element[0].itertext()).strip() in LIMITS:
            element.tag = f"{{{NAMESPACE}}}{'munder' if _name(element) == 'msub' else 'munderover'}"


def _line_up(root: Element) -> None:
    """Say how the columns of a table stand in the way that browsers take it."""
    for table in root.iter(f"{{{NAMESPACE}}}mtable"):
        cells = list(table.iter(f"{{{NAMESPACE}}}mtd"))
        is_equations = any(cell.get("columnalign") == "right" for cell in cells)
        for cell in cells:
            side = cell.attrib.pop("columnalign", None)
            if side in ("left", "right", "center"):
                gap = ";padding-left:0;padding-right:0" if is_equations else ""
                cell.set("style", f"text-align:{side};text-align:-webkit-{side}{gap}")  # Chromium's own word


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


MAX_PICTURE_BYTES = 16 << 20
"""A picture of the notes that is larger is left out of the page."""

_TAGS = (nh3.ALLOWED_TAGS | {"mark", "font", "figure", "figcaption", "section", "input"}) - {"img"}

_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]+")

_IMG = re.compile(r"""<img\b((?:[^>"']|"[^"]*"|'[^']*')*)>""", re.IGNORECASE)


class Writer:
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
        return self._clean(self.markdown.render(_set_apart(_delimit(text.source))))

    def output(self, markup: str) -> str:
        """The HTML of an output, cleaned likewise."""
        self._attachments = {}
        return self._clean(markup)

    def _clean(self, markup: str) -> str:
        clean = nh3.clean(
            _IMG.sub(self._tag, markup),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=_filter_attribute,
            url_schemes={"http", "https", "mailto"},
        )
        # What is ours, formulas and pictures, passes the cleaning as a mark and is put in afterwards, but not
        # within a tag, where its own quotes would end an attribute's. There nh3 leaves no bare < or >.
        return re.sub(rf"(?P<tag><[^>]*>)|{self._mark}-(?P<number>\d+)-", self._put_in, clean)

    def _put_in(self, match: re.Match[str]) -> str:
        tag = match["tag"]
        return self._kept[int(match["number"])] if tag is None else re.sub(rf"{self._mark}-\d+-", "", tag)

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


def _delimit(source: str) -> str:
    """Markdown in which every formula stands between dollar signs, and the book's own marks are gone."""
    pieces = re.split(r"(`+[^`]*`+)", re.sub(r":(?:eqlabel|label|numref|eqref|cite):`[^`]*`", "", source))
    dollars = 0  # of $$ before a piece
    for number in range(0, len(pieces), 2):  # code in between stays as it is
        piece = re.sub(r"\\\((.+?)\\\)", r"$\1$", pieces[number], flags=re.DOTALL)
        piece = re.sub(r"\\\[(.+?)\\\]", r"$$\1$$", piece, flags=re.DOTALL)
        pieces[number] = _BARE.sub(partial(_put_in_dollars, dollars), piece)
        dollars += piece.count("$$")
    return re.sub(r"(?im)^\[toc\]\s*$", "", "".join(pieces))


def _put_in_dollars(dollars: int, match: re.Match[str]) -> str:
    """A bare environment between dollar signs, unless it stands between some."""
    is_within = (dollars + match.string.count("$$", 0, match.start())) % 2
    return match[0] if is_within else f"$$\n{match[0]}\n$$"


_BARE = re.compile(
    r"^\\begin\{((?:equation|align|gather|eqnarray)\*?)\}.*?\\end\{\1\}", re.MULTILINE | re.DOTALL
)
"""An environment that is a formula by itself, as in Jupyter."""


def _set_apart(source: str) -> str:
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


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
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
