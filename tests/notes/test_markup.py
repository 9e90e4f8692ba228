from __future__ import annotations

import time
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnet.notes.markup import ELEMENTS, Writer, _delimit, mathml

BOOK = [
    r"\hat{\mathbf{y}} = \mathbf{X}\mathbf{w} + b",
    r"\large \hat y_j = \frac{exp(o_{j})}{\sum_k exp(o_{k})}",
    r"\begin{split}\begin{aligned} a &= b \\ &= c \end{aligned}\end{split}",
    r"\begin{aligned} h' = \begin{cases} 0 & \text{概率 } p \\ h & \text{其他} \end{cases} \end{aligned}",
    r"\begin{align*} a &= b \end{align*}",
    r"\begin{equation} a = b \end{equation}",
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
    r"\boldsymbol{\epsilon} \sim \mathcal{N}(0, \sigma^2)",
    r"\mathbf{w}^* = (\mathbf X^\top \mathbf X)^{-1}\mathbf X^\top \mathbf{y}",
    r"\mathop{\mathrm{argmin}}_{\mathbf{w}, b}\  L(\mathbf{w}, b)",
    r"\lim_{h \rightarrow 0} \frac{f(x+h) - f(x)}{h}",
    r"\left\| \mathbf{w} \right\|_2 \stackrel{\mathrm{def}}{=} \sqrt{\sum_i w_i^2}",
]


@pytest.mark.parametrize("latex", BOOK)
def test_the_books_formulas(latex: str) -> None:
    for is_block in (True, False):
        rendered = mathml(latex, is_block)
        assert rendered.startswith("<math"), rendered
        ElementTree.fromstring(rendered)
        assert ('display="block"' in rendered) == is_block


@pytest.mark.parametrize(
    "latex", [r"\frac{a", r"\begin{nothing} a & b \end{nothing}", r"a & b", "", r"\left( a"]
)
def test_what_cannot_be_read_is_shown_as_it_is(latex: str) -> None:
    rendered = mathml(latex + "<script>", True)
    assert "<script>" not in rendered
    assert rendered.startswith(("<code", "<math"))


@given(st.text(r"\{}_^&ab<>$'\"12 ", max_size=25))
def test_any_text_gives_markup_that_is_whole(latex: str) -> None:
    ElementTree.fromstring(mathml(latex, True))


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\mbox{<img src=x onerror=alert(1)>}",
        "\\text{<meta\thttp-equiv='refresh'>}",
        r"\href{javascript:alert(1)}{x}",
        r"\text{</mtext></math><script>alert(1)</script>}",
        r"\color{red}<style>x",
    ],
)
def test_nothing_but_mathml_passes(latex: str) -> None:
    rendered = mathml(latex, True)
    root = ElementTree.fromstring(rendered)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= ELEMENTS | {"code"}
    assert not any("href" in element.attrib or "onerror" in element.attrib for element in root.iter())


def test_words_keep_their_signs() -> None:
    assert "a &lt; b &amp; c" in mathml(r"\text{a < b & c}", False).replace("\u00a0", " ")


@pytest.mark.parametrize(
    "latex", [r"\lim_{h \to 0} f", r"\max_i x_i", r"\mathop{\mathrm{argmin}}_{w} L", r"\argmin_w L"]
)
def test_limits_stand_below_in_a_displayed_formula(latex: str) -> None:
    assert "<munder>" in mathml(latex, True)
    assert "<munder>" not in mathml(latex, False)


def test_columns_of_equations_stand_to_the_sign() -> None:
    rendered = mathml(r"\begin{aligned} a + b &= c \\ d &= e \end{aligned}", True)
    assert rendered.count('style="text-align:right') == rendered.count('style="text-align:left') == 2


def test_a_picture_within_an_attribute_brings_no_attributes(tmp_path: Path) -> None:
    harmful = "<img src='data:image/png;base64,/onclick=location=name/' alt=q>"
    written = Writer(tmp_path).output(f'<p id="a {harmful} b" align="$x$">text {harmful}</p>')
    found: list[tuple[str, list[str]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append((tag, [name for name, _ in attrs]))
    parser.feed(written)
    assert found == [("p", ["id", "align"]), ("img", ["src", "alt"])]


def test_notes_of_many_code_spans_take_time_by_their_length(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        source = "word `code` $x$ and more\n\n" * count
        start = time.process_time()
        _delimit(source)
        return time.process_time() - start

    assert seconds(16_000) < 1.0, "it took 7 seconds when all that stood before was looked at for each"


def test_a_bare_environment_is_a_formula_but_between_dollars() -> None:
    bare = "\\begin{align}\na &= b\n\\end{align}"
    assert _delimit(f"`$$` is code\n{bare}\n") == f"`$$` is code\n$$\n{bare}\n$$\n"
    assert _delimit(f"$$\n{bare}\n$$\n`x`\n{bare}") == f"$$\n{bare}\n$$\n`x`\n$$\n{bare}\n$$"
