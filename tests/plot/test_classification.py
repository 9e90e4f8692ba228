from __future__ import annotations

import numpy as np
import torch
from matplotlib.text import Text

from linnet.evaluate.confidence.decisions import abstain_curve
from linnet.evaluate.confidence.reliability import reliability
from linnet.evaluate.contributions import Contributions
from linnet.evaluate.evaluation import Evaluation
from linnet.evaluate.one_vs_rest import precision_recall, roc
from linnet.evaluate.score import score
from linnet.plot.classification import confusion_figure, roc_figure
from linnet.plot.contributions import contributions_figure
from linnet.plot.curves import curves
from linnet.plot.decisions import sets_figure
from linnet.plot.save import render
from tests.support.evaluations import make
from tests.support.figures import RUN, TEST, drawn, texts


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
