from __future__ import annotations

import re
from typing import Any

import pytest
from matplotlib.figure import Figure

from linnet.data.sources import synthetic
from linnet.errors import MissingFontWarning, UsageError
from linnet.evaluate.evaluation import Evaluation
from linnet.plot import style
from linnet.plot.kinds import KINDS, FigureOptions, draw
from linnet.plot.save import render
from linnet.plot.style import cjk_font
from linnet.solvers.solve import solve
from linnet.train.fit import fit
from tests.support.figures import TRAIN, drawn, texts

LINE = synthetic.linear()


NUMBERS = ("residuals", "quantiles", "leverage", "intervals")
"""The kinds of regressions alone."""


def line_drawn(kind: str, **options: Any) -> Figure:
    return draw(kind, Evaluation(solve(LINE).value, LINE, LINE), FigureOptions(**options))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_both_languages(kind: str) -> None:
    make = line_drawn if kind in NUMBERS else drawn
    assert render(make(kind), ".png").startswith(b"\x89PNG")
    if cjk_font() is None:
        pytest.skip("needs a font with Chinese characters, such as fonts-wqy-microhei")
    figure = make(kind, language="zh")
    assert re.search("[一-鿿]", texts(figure))
    render(figure, ".svg")  # a missing glyph would be a warning, and so an error


def test_without_a_font_a_warning_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "cjk_font", lambda: None)
    with pytest.warns(MissingFontWarning, match="Noto Sans CJK SC"):
        drawn("curves", language="zh")


def test_a_solve_is_drawn_by_its_iterations() -> None:
    solved = solve(TRAIN, l2=1e-2).value
    figure = drawn("curves", solved)
    assert figure.axes[0].get_xlabel() == "iteration"


def test_what_does_not_suit_is_refused() -> None:
    with pytest.raises(UsageError, match="expected curves, templates, differences"):
        drawn("pie")
    with pytest.raises(UsageError, match=r"en .English. or zh"):
        drawn("curves", language="fr")
    with pytest.raises(UsageError, match=r"row must lie in 0…358"):
        drawn("contributions", row=359)
    of = Evaluation(fit(LINE)[0], LINE, LINE)
    assert isinstance(draw("contributions", of), Figure)
    for kind in sorted(set(KINDS) - {"contributions", "curves", *NUMBERS}):
        with pytest.raises(UsageError):
            draw(kind, of)
    for kind in NUMBERS:
        with pytest.raises(UsageError):
            drawn(kind)
