"""LaTeX as MathML, which browsers draw without a script or a font from elsewhere."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

# What notes of the book write and the converter does not take, and what to write instead.
_REWRITES = (
    (r"\\begin\{split\}\s*(\\begin\{(?:aligned|cases|array|matrix)\}.*?)\\end\{split\}", r"\1"),
    (r"\\(begin|end)\{(?:aligned|align\*?|eqnarray\*?|gather(?:ed)?\*?)\}", r"\\\1{split}"),
    (r"\\begin\{equation\*?\}(.*?)\\end\{equation\*?\}", r"\1"),
    (r"\\(?:large|Large|LARGE|huge|Huge|small|normalsize|displaystyle|nonumber|notag)(?![A-Za-z])", ""),
    (r"\\(?:label|tag|eqlabel|eqref|ref)\*?\{[^{}]*\}", ""),
    (r"\\(?:bm|boldsymbol|pmb)(?![A-Za-z])", r"\\mathbf"),
    (r"\\mathbbm(?![A-Za-z])", r"\\mathbb"),
    (r"\\(?:mathop|operatorname\*)(?![A-Za-z])", r"\\operatorname"),
    (r"\\argmin(?![A-Za-z])", r"\\operatorname{argmin}"),
    (r"\\argmax(?![A-Za-z])", r"\\operatorname{argmax}"),
)


def mathml(latex: str, is_block: bool) -> str:
    """A formula as MathML; its source, marked as such, where it cannot be read.

    Args:
        latex: without the dollar signs.
        is_block: displayed on lines of its own.
    """
    source = latex.strip()
    text = source
    for pattern, replacement in _REWRITES:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    try:
        converted = convert(text, display="block" if is_block else "inline")
        ElementTree.fromstring(converted)
    except Exception:  # the converter raises whatever its parser stumbles upon
        return f'<code class="latex">{html.escape(source)}</code>'
    if re.search(r"<m[iot]>\\[A-Za-z]", converted):  # a command it did not know, passed through
        return f'<code class="latex">{html.escape(source)}</code>'
    return converted
