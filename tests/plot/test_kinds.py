from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from linnet.config import Recipe
from linnet.data.sources import digits, synthetic
from linnet.data.split import split
from linnet.errors import MissingFontWarning, ShapeError, UsageError
from linnet.evaluate.confidence.decisions import abstain_curve
from linnet.evaluate.confidence.prediction_sets import coverage, learn_sets, set_curve
from linnet.evaluate.confidence.reliability import reliability
from linnet.evaluate.contributions import Contributions, contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.one_vs_rest import precision_recall, roc
from linnet.evaluate.score import score
from linnet.model.run import Run
from linnet.plot import style
from linnet.plot.classification import confusion_figure, roc_figure
from linnet.plot.contributions import contributions_figure
from linnet.plot.curves import curves
from linnet.plot.decisions import sets_figure
from linnet.plot.kinds import KINDS, FigureOptions, draw
from linnet.plot.save import render
from linnet.plot.style import cjk_font
from linnet.plot.weights import differences
from linnet.plot.words import WORDS
from linnet.solvers.solve import solve
from linnet.train.fit import fit
from tests.support.evaluations import make

TRAIN, MAYBE = digits.load()
assert MAYBE is not None
TEST = MAYBE
RUN = fit(TRAIN, Recipe(epochs=3, lr=0.5, validation=0.2))[0]


OPTIONS = FigureOptions(row=4, bins=10, binning="mass")


def drawn(kind: str, run: Run = RUN, **options: Any) -> Figure:
    return draw(kind, Evaluation(run, lambda: TEST, lambda: TRAIN), dataclasses.replace(OPTIONS, **options))


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_in_both_languages(kind: str) -> None:
    assert render(drawn(kind), ".png").startswith(b"\x89PNG")
    if cjk_font() is None:
        pytest.skip("needs a font with Chinese characters, such as fonts-wqy-microhei")
    figure = drawn(kind, language="zh")
    assert re.search("[一-鿿]", texts(figure))
    render(figure, ".svg")  # a missing glyph would be a warning, and so an error


def test_no_english_is_left_in_chinese() -> None:
    for english, chinese in WORDS.items():
        assert re.search("[一-鿿]", chinese), english
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese))
    source = "".join(path.read_text("utf-8") for path in Path(style.__file__).parent.glob("*.py"))
    curve_labels = re.findall(r'"(\w+ (?:loss|acc))"', source)
    said = re.findall(r'say\(\s*"((?:[^"\\]|\\.)+)"', source)
    assert {text.encode().decode("unicode_escape") for text in said} | set(curve_labels) <= set(WORDS)


def test_without_a_font_a_warning_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "cjk_font", lambda: None)
    with pytest.warns(MissingFontWarning, match="Noto Sans CJK SC"):
        drawn("curves", language="zh")


def test_what_the_figures_show_is_what_was_computed() -> None:
    said = Evaluation(RUN, TEST)
    for kind, of in (("roc", roc), ("pr", precision_recall)):
        for k, line in enumerate(drawn(kind).axes[0].lines):
            np.testing.assert_array_equal(np.asarray(line.get_ydata()), of(said, k).y)
            assert str(line.get_label()) == f"{k} {of(said, k).area:.3f}"
    table = reliability(said, 10, "mass")
    figure = drawn("reliability")
    assert f"ECE {table.ece:.4f}, 10 bins of equal mass" in texts(figure)
    np.testing.assert_allclose(np.asarray(figure.axes[0].lines[0].get_ydata()), table.accuracy)
    line = drawn("coverage").axes[0].lines[0]
    curve = abstain_curve(said)
    assert np.asarray(line.get_ydata()).tolist() == curve.accuracy[curve.coverage >= 0.02].tolist()
    confusion = score(RUN, TEST).confusion
    cells = [text.get_text() for text in drawn("confusion").axes[0].texts]
    assert sorted(map(int, cells)) == sorted(int(n) for n in confusion.flatten() if n)


def test_contributions_of_images_and_of_columns() -> None:
    found = contributions(RUN, TEST.X[4])
    figure = drawn("contributions")
    first, second = [axes for axes in figure.axes if axes.images][:2]
    np.testing.assert_array_equal(np.asarray(first.images[0].get_array()), TEST.images(slice(4, 5))[0])
    best = int(found.scores.argmax())
    image = np.asarray(second.images[0].get_array())
    np.testing.assert_allclose(image, found.parts[best].reshape(8, 8))
    assert second.get_title().startswith(f"{best}\nscore {float(found.scores[best]):.2f}, bias ")
    plain = contributions_figure(found, TEST.classes, TEST.X[4])
    widths = [bar.get_width() for bar in plain.axes[0].patches]  # type: ignore[attr-defined]
    assert widths[-1] == pytest.approx(float(max(found.parts[best], key=abs)))
    assert len(widths) == 12


def test_sets_show_what_was_learnt_and_measured() -> None:
    seen = Evaluation(RUN, split(TRAIN, 0.2, int(RUN.asked["seed"]))[1])
    judged = Evaluation(RUN, TEST)
    figure = drawn("sets")
    assert "learnt on 288 rows kept from training" in texts(figure)
    above, size, by_class, shares = figure.axes
    for number, method in enumerate(("lac", "aps")):
        curve, found = set_curve(seen, judged, method), coverage(learn_sets(seen, 0.1, method), judged)
        assert np.asarray(above.lines[1 + number].get_ydata()).tolist() == curve.coverage.tolist()
        assert np.asarray(size.lines[number].get_ydata()).tolist() == curve.mean_size.tolist()
        assert np.asarray(by_class.lines[number].get_xdata()).tolist() == found.by_class.tolist()
        bars = [bar.get_height() for bar in shares.containers[number]]
        np.testing.assert_allclose(bars, found.sizes[: len(bars)] / len(judged))
    said = texts(drawn("sets", alpha=0.3, randomised=True))
    assert "aps (randomised)" in said
    assert "0.7 asked for" in said
    seen_before = fit(TRAIN, Recipe(epochs=1, lr=0.5))[0]
    assert "training rows: no guarantee" in texts(drawn("sets", seen_before))


def test_names_are_drawn_as_they_are() -> None:
    """Dollars are no formulas, and what begins with _ is in the legend all the same."""
    names = ("$cheap$", r"$\frac$", "_hidden", "100%", "a_b", "{c}", "d", "e", "f", "g")
    said = Evaluation(RUN, TEST)
    figure = roc_figure(Evaluation.of_scores(said.logits, said.targets, names))
    render(figure, ".svg")  # a formula that cannot be parsed is an error
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text().strip().rsplit(" ", 1)[0] for text in legend.get_texts()] == list(names)
    for figure in (confusion_figure(said.confusion, names), sets_figure(said, said, title="$x$")):
        render(figure, ".svg")
        found = [text for text in figure.findobj(Text) if isinstance(text, Text) and "$" in text.get_text()]
        assert found
        assert not any(text.get_parse_math() for text in found)
    powers = curves([{"epoch": k, "train_loss": 10.0**-k} for k in range(1, 6)], "$a$")
    render(powers, ".svg")
    assert all(tick.get_parse_math() for tick in powers.axes[0].yaxis.get_majorticklabels())


def test_many_classes_stay_in_the_picture() -> None:
    made = make(900, 8)
    logits = np.hstack([made.logits, made.logits - 3, made.logits - 5])
    logits[:, 8:] += torch.randn(900, 16, generator=torch.Generator().manual_seed(0)).numpy()
    many = Evaluation.of_scores(
        logits, (made.targets + 8 * (np.arange(900) % 3)), tuple(f"class {k}" for k in range(24))
    )
    figure = roc_figure(many)
    render(figure, ".png")  # a picture that does not fit would be a warning
    legend = figure.axes[0].get_legend()
    assert legend is not None
    shown = [text.get_text() for text in legend.get_texts()]
    assert (len(shown), shown[0]) == (17, "8 other classes")
    areas = sorted((roc(many, k).area, k) for k in range(24))[:16]
    assert [line.split()[1] for line in shown[1:]] == [str(k) for k in sorted(k for _, k in areas)]
    found = Contributions(torch.randn(24, 5).numpy(), np.zeros(24))
    shown = contributions_figure(found, many.classes, torch.ones(5), columns=("a", "$b$", "_c", "d", "e"))
    assert sum(bool(axes.patches) for axes in shown.axes) == 15
    best = int(found.scores.argmax())
    assert shown.axes[0].get_title().startswith(f"class {best}\n")
    ticks = [tick.get_text() for tick in shown.axes[0].get_yticklabels()]
    order = np.abs(found.parts[best]).argsort()
    assert ticks == [("a", "$b$", "_c", "d", "e")[d] for d in order.tolist()]


def test_a_solve_is_drawn_by_its_iterations() -> None:
    solved = solve(TRAIN, l2=1e-2).value
    figure = drawn("curves", solved)
    assert figure.axes[0].get_xlabel() == "iteration"


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
        drawn("pie")
    with pytest.raises(UsageError, match=r"en .English. or zh"):
        drawn("curves", language="fr")
    with pytest.raises(UsageError, match=r"row must lie in 0…358"):
        drawn("contributions", row=359)
    line = synthetic.linear()
    of = Evaluation(fit(line)[0], line, line)
    assert isinstance(draw("contributions", of), Figure)
    for kind in sorted(set(KINDS) - {"contributions", "curves"}):
        with pytest.raises(UsageError):
            draw(kind, of)
