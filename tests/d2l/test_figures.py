from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from PIL import Image

from linnet.d2l import figures
from linnet.d2l.figures import plot, set_axes, set_figsize, show_images, use_svg_display
from linnet.errors import ShapeError
from linnet.plot.save import save


@pytest.fixture(autouse=True)
def _tidy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave neither figures nor a changed size to other tests."""
    monkeypatch.setattr(figures, "surface", lambda: "notebook")  # pyplot's figure, shown by the kernel
    monkeypatch.setattr(figures, "use_svg_display", lambda: None)
    with matplotlib.rc_context():
        yield
    plt.close("all")


def lines() -> list[list[list[float]]]:
    return [
        [np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist()]
        for line in plt.gca().lines
    ]


X = [0.0, 1.0, 2.0]
Y = [5.0, 6.0, 7.0]
Z = [1.0, 0.0, 3.0]


@pytest.mark.parametrize(
    "kind", [list, np.asarray, torch.tensor, lambda v: torch.tensor(v, requires_grad=True)]
)
def test_one_x_for_many_y_of_every_kind(kind: Callable[[list[float]], Any]) -> None:
    plot(kind(X), [kind(Y), kind(Z)], "x", "f(x)", legend=["f", "g"])
    assert lines() == [[X, Y], [X, Z]]
    axes = plt.gca()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "f(x)")
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["f", "g"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((X, Y), [[X, Y]]),
        ((Y,), [[X, Y]]),
        (([Y, Z],), [[X, Y], [X, Z]]),
        (([X, Y], [Y, Z]), [[X, Y], [Y, Z]]),
        ((X, [Y]), [[X, Y]]),
        (([], [Y, Z]), [[X, Y], [X, Z]]),
        (([torch.tensor(1.0), torch.tensor(4.0)],), [[[0.0, 1.0], [1.0, 4.0]]]),
        ((range(3), np.array(Y)), [[X, Y]]),
    ],
)
def test_what_can_be_plotted(given: tuple[Any, ...], expected: list[list[list[float]]]) -> None:
    plot(*given)
    assert lines() == expected


def test_many_curves_take_the_formats_in_turn() -> None:
    plot(X, [Y] * 6)
    assert len(lines()) == 6


def test_curves_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ShapeError, match="X has 2 curves and Y 3"):
        plot([X, X], [Y, Y, Y])


def test_axes_are_cleared_and_set() -> None:
    axes = plt.figure().add_subplot()
    plot(X, Y, axes=axes)
    plot(X, Z, axes=axes, xlim=(0, 2), ylim=[1, 9], yscale="log")
    assert len(axes.lines) == 1
    assert axes.get_xlim() == (0, 2)
    assert axes.get_ylim() == (1, 9)
    assert axes.get_yscale() == "log"
    set_axes(axes, None, None, None, None, "linear", "linear", None)
    assert axes.get_xlabel() == ""


def test_the_size_is_kept_for_what_follows() -> None:
    set_figsize((6, 4))
    assert tuple(plt.figure().get_size_inches()) == (6, 4)


def test_images_in_a_grid_with_titles() -> None:
    pictures = [torch.rand(4, 4, requires_grad=True), np.ones((4, 4)), Image.new("L", (4, 4))]
    axes = show_images(pictures, 2, 2, titles=["a", "b", "c"], scale=1)
    assert [cell.get_title() for cell in axes] == ["a", "b", "c", ""]
    assert [len(cell.images) for cell in axes] == [1, 1, 1, 0]
    assert len(show_images([torch.ones(2, 2)], 1, 1)) == 1


def test_figures_of_somebody_elses_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mine.py"])
    figures.FOLDER.mkdir()
    (figures.FOLDER / "mine-1.svg").write_text("<svg/>")
    (figures.FOLDER / "mine-2.svg").mkdir()
    path = figures.Shelf().place()
    assert path == figures.FOLDER / "mine-3.svg"
    save(plt.figure(), path)
    assert figures.Shelf().place() == path, "one of an earlier time is drawn anew"


def test_svg_is_asked_for_in_notebooks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "surface", lambda: "file")
    use_svg_display()  # would raise: there is no kernel here


SCRIPT = """
import sys
from linnet.d2l import torch as d2l
d2l.plot([0, 1, 2], [3, 4, 6], 'x', 'y')
d2l.plt.title('later')
axes = d2l.show_images([d2l.ones(4, 4)], 1, 1)
axes[0].set_title('added afterwards')
animator = d2l.Animator(xlabel='epoch', legend=['loss', 'acc'])
for epoch in (1, 2):
    animator.add(epoch - 0.5, (1 / epoch, None))
    animator.add(epoch, (0.5 / epoch, None))
    animator.add(epoch, (None, 0.25 * epoch))
print('end')
"""


def test_a_program_without_a_display_leaves_files_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "mine.py"], capture_output=True, text=True, check=True,
        env={"MPLBACKEND": "Agg", "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "figure: d2l-figures/mine-1.svg",
        "epoch 1: loss 0.5, acc 0.25",
        "epoch 2: loss 0.25, acc 0.5",
        "end",
        "figure: d2l-figures/mine-2.svg",
        "figure: d2l-figures/mine-3.svg",
    ]
    for number in (1, 2, 3):
        assert (tmp_path / f"d2l-figures/mine-{number}.svg").read_text(encoding="utf-8").count("<svg") == 1
