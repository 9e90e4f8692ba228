"""LaTeX as MathML, which browsers draw without a script or a font from elsewhere.

latex2mathml converts; here its input is brought to what it knows, and its output is read, cleaned and mended:
only MathML's own elements pass, limits stand under their operators, and columns line up.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert

NAMESPACE = "http://www.w3.org/1998/Math/MathML"

ELEMENTS = frozenset(
    [
        "math",
        "mrow",
        "mi",
        "mo",
        "mn",
        "ms",
        "mtext",
        "mspace",
        "mfrac",
        "msqrt",
        "mroot",
        "mstyle",
        "mpadded",
        "mphantom",
        "menclose",
        "msub",
        "msup",
        "msubsup",
        "munder",
        "mover",
        "munderover",
        "mmultiscripts",
        "mtable",
        "mtr",
        "mtd",
    ]
)
ATTRIBUTES = frozenset(
    [
        "display",
        "displaystyle",
        "scriptlevel",
        "mathvariant",
        "mathsize",
        "stretchy",
        "fence",
        "form",
        "accent",
        "accentunder",
        "separator",
        "movablelimits",
        "largeop",
        "symmetric",
        "lspace",
        "rspace",
        "minsize",
        "maxsize",
        "linethickness",
        "width",
        "height",
        "depth",
        "linebreak",
    ]
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
        root = ElementTree.fromstring(convert(_prepared(latex), display="block" if is_block else "inline"))
        _check(root)
    except Exception:  # the converter raises whatever its parser stumbles upon
        return f'<code class="latex">{html.escape(latex.strip())}</code>'
    if is_block:
        _stack_limits(root)
    _line_up(root)
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode")


def _prepared(latex: str) -> str:
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
