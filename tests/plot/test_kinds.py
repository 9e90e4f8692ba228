from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from linnet.config import Recipe
from linnet.data import digits, synthetic
from linnet.errors import MissingFontWarning, ShapeError, UsageError
from linnet.evaluate.abstain import abstain_curve
from linnet.evaluate.contributions import contributions
from linnet.evaluate.forecast import forecast
from linnet.evaluate.ranking import precision_recall, roc
from linnet.evaluate.reliability import reliability
from linnet.evaluate.score import score
from linnet.plot import look
from linnet.plot.confusion import confusion_figure
from linnet.plot.contributions import contributions_figure
from linnet.plot.differences import differences
from linnet.plot.fonts import cjk_font
from linnet.plot.kinds import KINDS, Subject, draw
from linnet.plot.save import render
from linnet.plot.words import WORDS, Language
from linnet.train.fit import fit
from linnet.train.run import Run

TRAIN, MAYBE = digits.load()
assert MAYBE is not None
TEST = MAYBE
RUN = fit(TRAIN, Recipe(epochs=3, lr=0.5, validation=0.2))[0]


def subject(language: Language = "en", run: Run = RUN, row: int = 4) -> Subject:
    return Subject(run, lambda: TEST, lambda: TRAIN, row, 10, "mass", language)


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_both_languages(kind: str) -> None:
    assert render(draw(kind, subject()), ".png").startswith(b"\x89PNG")
    if cjk_font() is None:
        pytest.skip("needs a font with Chinese characters, such as fonts-wqy-microhei")
    figure = draw(kind, subject("zh"))
    assert re.search("[一-鿿]", texts(figure))
    render(figure, ".svg")  # a missing glyph would be a warning, and so an error


def test_no_english_is_left_in_chinese() -> None:
    for english, chinese in WORDS.items():
        assert re.search("[一-鿿]", chinese), english
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese))
    source = "".join(path.read_text("utf-8") for path in Path(look.__file__).parent.glob("*.py"))
    curve_labels = re.findall(r'"(\w+ (?:loss|acc))"', source)
    said = re.findall(r'say\(\s*"((?:[^"\\]|\\.)+)"', source)
    assert {text.encode().decode("unicode_escape") for text in said} | set(curve_labels) <= set(WORDS)


def test_without_a_font_a_warning_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "cjk_font", lambda: None)
    with pytest.warns(MissingFontWarning, match="Noto Sans CJK SC"):
        draw("curves", subject("zh"))


def test_what_the_figures_show_is_what_was_computed() -> None:
    said = forecast(RUN, TEST)
    for kind, of in (("roc", roc), ("pr", precision_recall)):
        for k, line in enumerate(draw(kind, subject()).axes[0].lines):
            np.testing.assert_array_equal(np.asarray(line.get_ydata()), of(said, k).y)
            assert str(line.get_label()) == f"{k} {of(said, k).area:.3f}"
    table = reliability(said, 10, "mass")
    figure = draw("reliability", subject())
    assert f"ECE {table.ece:.4f}, 10 bins of equal mass" in texts(figure)
    np.testing.assert_allclose(np.asarray(figure.axes[0].lines[0].get_ydata()), table.accuracy.numpy())
    line = draw("coverage", subject()).axes[0].lines[0]
    curve = abstain_curve(said)
    assert np.asarray(line.get_ydata()).tolist() == curve.accuracy[curve.coverage >= 0.02].tolist()
    confusion = score(RUN, TEST).confusion
    cells = [text.get_text() for text in draw("confusion", subject()).axes[0].texts]
    assert sorted(map(int, cells)) == sorted(int(n) for n in confusion.flatten() if n)


def test_contributions_of_images_and_of_columns() -> None:
    found = contributions(RUN, TEST.X[4])
    figure = draw("contributions", subject())
    first, second = [axes for axes in figure.axes if axes.images][:2]
    np.testing.assert_array_equal(np.asarray(first.images[0].get_array()), TEST.images(slice(4, 5))[0])
    best = int(found.scores.argmax())
    drawn = np.asarray(second.images[0].get_array())
    np.testing.assert_allclose(drawn, found.parts[best].view(8, 8).numpy())
    assert second.get_title().startswith(f"{best}\nscore {float(found.scores[best]):.2f}, bias ")
    plain = contributions_figure(found, TEST.classes, TEST.X[4])
    widths = [bar.get_width() for bar in plain.axes[0].patches]  # type: ignore[attr-defined]
    assert widths[-1] == pytest.approx(float(max(found.parts[best], key=abs)))
    assert len(widths) == 12


def test_differences_are_those_of_the_weights() -> None:
    W = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    mosaic = np.asarray(differences(W, (2, 3), ["a", "b", "c"]).axes[0].images[0].get_array())
    assert mosaic.shape == (9, 12)
    np.testing.assert_allclose(mosaic[0:2, 4:7], (W[0] - W[1]).view(2, 3))
    np.testing.assert_allclose(mosaic[6:8, 0:3], (W[2] - W[0]).view(2, 3))
    with pytest.raises(ShapeError):
        differences(W, (2, 2), ["a", "b", "c"])
    with pytest.raises(UsageError, match="at most 20"):
        differences(torch.ones(21, 4), (2, 2), [str(k) for k in range(21)])
    with pytest.raises(ShapeError):
        confusion_figure(torch.ones(2, 2), ["a", "b", "c"])


def test_what_does_not_suit_is_refused() -> None:
    with pytest.raises(UsageError, match="expected curves, templates, differences"):
        draw("pie", subject())
    with pytest.raises(UsageError, match=r"en .English. or zh"):
        draw("curves", subject("fr"))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"row must lie in 0…358"):
        draw("contributions", subject(row=359))
    line = synthetic.linear()
    of = Subject(fit(line)[0], lambda: line, lambda: line)
    assert isinstance(draw("contributions", of), Figure)
    for kind in sorted(set(KINDS) - {"contributions", "curves"}):
        with pytest.raises(UsageError):
            draw(kind, of)
